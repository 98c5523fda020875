import { ChromaClient } from 'chromadb';
import { beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../../src/contract/job.ts';
import { formerName, nextName } from '../../../../src/documents/reembed/collection-names.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { GENEROUS } from '../../../helpers/servers/ingestion.ts';
import { useModelRoles } from '../../../helpers/servers/model-roles.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const FIRST = { model: 'first', dimensions: 64 };
const SECOND = { model: 'second', dimensions: 64 };

const roles = useModelRoles();
const { chroma } = roles;
let api: TestRoles;
let collection = '';
let tests = 0;

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const post = (path: string) => fetch(api.url + path, { method: 'POST' });
const job = (id: string) => get<Job>(`/api/jobs/${id}`);
async function ended(id: string): Promise<Job> {
  await expect
    .poll(async () => ['completed', 'failed'].includes((await job(id)).status), GENEROUS)
    .toBe(true);
  return job(id);
}
async function ingest(text: string): Promise<string> {
  const id = await expectAccepted(await upload(api.url, text, { collection }));
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  return id;
}
const reembed = async () => expectAccepted(await post(`/api/collections/${collection}/reembed`));

function client(): ChromaClient {
  const { hostname, port } = new URL(chroma.url);
  return new ChromaClient({ host: hostname, port: Number(port) });
}
async function ids(): Promise<string[]> {
  return (await (await client().getCollection({ name: collection })).get({ include: [] })).ids.sort();
}

beforeEach(async () => {
  collection = `cuts${++tests}`;
  api = await roles.restartWith(FIRST);
  for (const text of ['Pears are green.', 'Plums are blue.']) await ingest(text);
});

test('a job that begins after half a switch of another one loses no chunk', async () => {
  const before = await ids();
  await roles.stop();
  await (await client().getCollection({ name: collection })).modify({ name: formerName(collection) });
  const metadata = {
    collection,
    reembed_job: 'cancelled',
    embedding_model: 'second',
    embedding_dimensions: 64,
    reembed_began_ms: 0,
  };
  const next = await client().createCollection({
    name: nextName(collection),
    embeddingFunction: null,
    metadata,
  });
  await next.upsert({ ids: ['a:b:0'], embeddings: [Array.from({ length: 64 }, () => 1)], documents: ['x'] });
  roles.present(SECOND);
  api = await roles.startRole('api');
  const id = await reembed();
  await roles.startRole('worker');
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  expect(await ids()).toEqual(before);
});
