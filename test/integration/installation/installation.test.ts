import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChromaClient } from 'chromadb';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Role } from '../../../src/config.ts';
import type { Job } from '../../../src/contract/job.ts';
import type { Problem } from '../../../src/contract/problem.ts';
import { startTestRoles, untilReady, type TestRoles } from '../../helpers/servers/roles.ts';
import { useBackends, useRedis } from '../../helpers/servers/use.ts';
import { expectAccepted, expectRefused, upload } from '../../helpers/clients/uploads.ts';

/** Waits for two comparisons of the stores and their effects. */
const NOTICED_MS = 60_000;
/** Time in ms in which a start has compared the stores. */
const COMPARED_MS = 2000;
/** Waits long enough for a worker to claim. */
const CLAIMED_MS = 2000;
const RESERVED = 'sluice-installation';

let folder: string;
let blobStore: string;
let running: TestRoles[] = [];

const backends = useBackends();
const redis = useRedis();

beforeEach(async () => {
  await redis.client.flushall();
  await chroma()
    .deleteCollection({ name: RESERVED })
    .catch(() => {});
  await backends.keywords.down();
  await rm(backends.keywords.folder, { recursive: true, force: true });
  await backends.keywords.up();
  folder = await mkdtemp(join(tmpdir(), 'sluice-installation-'));
  blobStore = join(folder, 'blobs');
});
afterEach(async () => {
  await Promise.all(running.map((roles) => roles.close()));
  running = [];
  await rm(folder, { recursive: true, force: true });
});

function chroma(): ChromaClient {
  const { hostname, port } = new URL(backends.env['CHROMA_URL']!);
  return new ChromaClient({ host: hostname, port: Number(port) });
}

async function start(roles: Role[], env: Record<string, string> = {}): Promise<TestRoles> {
  const started = await startTestRoles(roles, {
    ...backends.env,
    REDIS_URL: redis.url,
    BLOB_STORE: blobStore,
    LEASE_MS: '1500',
    ...env,
  });
  running.push(started);
  return started;
}

const job = async ({ url }: TestRoles, id: string) =>
  (await (await fetch(`${url}/api/jobs/${id}`)).json()) as Job;
const checks = async ({ url }: TestRoles) =>
  ((await (await fetch(`${url}/readyz`)).json()) as { checks: Record<string, string> }).checks;
const eventually = (look: () => unknown) => expect.poll(look, { timeout: NOTICED_MS });
const untilCompleted = async (api: TestRoles, id: string) => {
  await expect.poll(async () => (await job(api, id)).status, { timeout: 60_000 }).toBe('completed');
  expect(await job(api, id)).not.toHaveProperty('retry_count');
};
const identity = async (store = blobStore) =>
  JSON.parse(await readFile(join(store, 'installation.json'), 'utf8')) as { id: string; store: string };

test('starts at the same time agree on one id', async () => {
  const apis = await Promise.all([1, 2, 3].map(() => start(['api'])));
  await Promise.all(apis.map(({ url }) => untilReady(url)));
  const { id, store } = await identity();
  expect(await redis.client.hgetall('installation')).toEqual({ id, store });
  expect(await redis.client.hgetall('sluice:installations')).toEqual({ [id]: '' });
  expect((await chroma().getCollection({ name: RESERVED })).metadata).toMatchObject({ installation: id });
});

test.each([
  ['an empty folder', async () => {}],
  [
    'the folder of another installation',
    async (store: string) => {
      await mkdir(store);
      await writeFile(join(store, 'installation.json'), '{"id":"another","store":"its own"}');
    },
  ],
  [
    'a second folder of this installation',
    async (store: string) => {
      await mkdir(store);
      const { id } = await identity();
      await writeFile(join(store, 'installation.json'), JSON.stringify({ id, store: 'a copy' }));
    },
  ],
])(
  'a worker with %s claims nothing and is not ready; uploads wait for one with the right folder',
  async (_what, make) => {
    const api = await start(['api']);
    await untilReady(api.url);
    const strange = join(folder, 'strange');
    await make(strange);
    const worker = await start(['worker'], { BLOB_STORE: strange });
    const id = await expectAccepted(await upload(api.url, 'The sluice opens.'));
    await sleep(CLAIMED_MS);
    expect(await job(api, id)).toMatchObject({ status: 'queued' });
    expect(Object.values(await checks(worker))).toContain('failed');
    expect(worker.logger.lines.filter((line) => line.includes(strange))).toHaveLength(1);

    await start(['worker']);
    await untilCompleted(api, id);
  },
);

test('an upload into the place of a folder that has gone away is refused, and leaves no job', async () => {
  const api = await start(['api']);
  await untilReady(api.url);
  await expectAccepted(await upload(api.url));
  const refused = [];
  // Right after a comparison, the next is seconds away.
  for (let round = 0; round < 3; round++) {
    await rename(blobStore, `${blobStore}-away`);
    await mkdir(blobStore);
    refused.push(await upload(api.url));
    await rm(blobStore, { recursive: true });
    await rename(`${blobStore}-away`, blobStore);
    await untilReady(api.url);
  }
  for (const response of refused) await expectRefused(response, 'storage_unavailable');
  expect(await redis.client.zcard('jobs:recent')).toBe(1);
});

test('files of an upload that is refused while the folder is away go when it is back', async () => {
  const api = await start(['api']);
  await untilReady(api.url);
  const files = async () => (await readdir(join(blobStore, 'default'))).length;
  await expectAccepted(await upload(api.url));
  const before = await files();
  const body = new FormData();
  body.set('file', new File(['x'], 'a.txt'));
  const encoded = new Response(body);
  const bytes = Buffer.from(await encoded.arrayBuffer());
  const half = async function* () {
    yield bytes.subarray(0, -10);
    await expect.poll(files).toBe(before + 2);
    await rename(blobStore, `${blobStore}-away`);
    yield bytes.subarray(-10);
  };
  const refused = await fetch(`${api.url}/api/documents/upload`, {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type')! },
    body: half(),
    duplex: 'half',
  });
  await expectRefused(refused, 'storage_unavailable');
  await rename(`${blobStore}-away`, blobStore);
  await expect.poll(files).toBe(before);
});

test('an api that starts before its mount makes no folder in the place of it', async () => {
  const first = await start(['api']);
  await untilReady(first.url);
  const before = await identity();
  await first.close();
  await rename(blobStore, `${blobStore}-away`);
  const starting = start(['api']);
  await sleep(COMPARED_MS);
  await expect(access(blobStore)).rejects.toThrow();
  await rename(`${blobStore}-away`, blobStore);
  await untilReady((await starting).url);
  expect(await identity()).toEqual(before);
});

test('a folder that goes away under a worker costs a job nothing', async () => {
  const api = await start(['api', 'worker']);
  await untilReady(api.url);
  await backends.processor.down();
  const id = await expectAccepted(await upload(api.url, 'The sluice opens.'));
  await eventually(async () => (await job(api, id)).status).toBe('processing');

  await rename(blobStore, `${blobStore}-away`);
  await eventually(async () => (await job(api, id)).status).toBe('queued');
  await eventually(async () => (await checks(api))['blobs']).toBe('failed');
  await expectRefused(await upload(api.url), 'storage_unavailable');
  await backends.processor.up();
  await sleep(CLAIMED_MS);
  expect(await job(api, id)).toMatchObject({ status: 'queued' });

  await rename(`${blobStore}-away`, blobStore);
  await untilCompleted(api, id);
});

test('a missing original fails its job only after two looks in a proved store', async () => {
  const api = await start(['api']);
  await untilReady(api.url);
  const [late, gone] = [
    await expectAccepted(await upload(api.url, 'It comes late.')),
    await expectAccepted(await upload(api.url, 'It is gone.')),
  ];
  const path = (id: string) => join(blobStore, 'default', id);
  await rename(path(late), `${path(late)}-away`);
  await rm(path(gone));
  await start(['worker']);
  await eventually(async () => (await job(api, late)).status).toBe('processing');
  await rename(`${path(late)}-away`, path(late));
  await untilCompleted(api, late);
  await eventually(async () => (await job(api, gone)).status).toBe('failed');
  expect(await job(api, gone)).toMatchObject({ error_code: 'file_missing' });
});

test('a Redis that becomes another is not claimed from, and uploads are refused', async () => {
  const api = await start(['api', 'worker']);
  await untilReady(api.url);
  const { id: own, store } = await identity();
  await redis.client.hset('installation', { id: 'another', store: 'its own' });
  // A job that the other installation's own api has queued.
  await redis.client.hset('job:theirs', {
    id: 'theirs',
    type: 'document_upload',
    status: 'queued',
    payload: '{}',
  });
  await redis.client.lpush('queue:document_upload', 'theirs');
  await eventually(async () => (await checks(api))['installation']).toBe('failed');
  await expectRefused(await upload(api.url), 'installation_mismatch');
  await sleep(CLAIMED_MS);
  expect(await redis.client.lrange('queue:document_upload', 0, -1)).toEqual(['theirs']);
  const said = api.logger.lines.filter((line) => line.includes('another') && line.includes(own));
  expect(said).toEqual([expect.stringContaining('npm run adopt')]);

  await redis.client.del('job:theirs', 'queue:document_upload');
  await redis.client.hset('installation', { id: own, store });
  await untilReady(api.url);
  await untilCompleted(api, await expectAccepted(await upload(api.url, 'The sluice opens.')));
});

test("a Chroma that is another installation's is neither written to nor ready", async () => {
  const api = await start(['api', 'worker']);
  await untilReady(api.url);
  const { id: own } = await identity();
  const marker = await chroma().getCollection({ name: RESERVED });
  await backends.processor.down();
  const id = await expectAccepted(await upload(api.url, 'The sluice opens.', { collection: 'guarded' }));
  await eventually(async () => (await job(api, id)).status).toBe('processing');
  await marker.modify({ metadata: { installation: 'another' } });
  await backends.processor.up();
  await eventually(async () => (await checks(api))['installation']).toBe('failed');
  await sleep(CLAIMED_MS);
  const names = (await chroma().listCollections()).map(({ name }) => name);
  expect(names).not.toContain('guarded');
  expect(await job(api, id)).toMatchObject({ status: 'queued' });

  await marker.modify({ metadata: { installation: own } });
  await untilCompleted(api, id);
});

test('an api with a folder that is not in use does not take over the blob store', async () => {
  const first = await start(['api']);
  await untilReady(first.url);
  const second = await start(['api'], { BLOB_STORE: join(folder, 'second') });
  await eventually(async () => second.logger.lines.join()).toContain(join(folder, 'second'));
  await expectRefused(await upload(second.url), 'storage_unavailable');
  await expect(identity(join(folder, 'second'))).rejects.toThrow('ENOENT');
  expect(await redis.client.hget('installation', 'store')).toBe((await identity()).store);
  await expectAccepted(await upload(first.url));
});

test('the api refuses the collection that holds the id', async () => {
  const api = await start(['api']);
  const response = await upload(api.url, 'x', { collection: RESERVED });
  expect(response.status).toBe(400);
  expect((await response.json()) as Problem).toMatchObject({ code: 'invalid_collection' });
});

test('a Redis that takes no writes makes a role not ready', async () => {
  const api = await start(['api']);
  await untilReady(api.url);
  await redis.client.config('SET', 'min-replicas-to-write', '1');
  try {
    await eventually(async () => (await checks(api))['redis']).toBe('failed');
  } finally {
    await redis.client.config('SET', 'min-replicas-to-write', '0');
  }
  await untilReady(api.url);
});
