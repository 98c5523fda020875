import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';

import type { Problem } from '../../../src/contract/problem.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { BlobStore, type BlobWriter } from '../../../src/blobs/blob-store.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';

const MAX_UPLOAD_BYTES = 1024 * 1024;

const redis = useRedis();
const api = useRoles(['api'], () => ({
  REDIS_URL: redis.url,
  MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES),
  ALLOWED_ORIGINS: 'https://app.example',
}));
afterEach(() => redis.client.flushall());

const file = (bytes: string | Uint8Array<ArrayBuffer> = 'hello', name = 'a.txt') =>
  new File([bytes], name, { type: 'text/plain' });
function form(...parts: [string, string | File][]): FormData {
  const body = new FormData();
  for (const [name, value] of parts) body.append(name, value);
  return body;
}
const post = (body: FormData | string | ReadableStream, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/api/documents/upload`, { method: 'POST', body, headers, duplex: 'half' });

async function blobs(): Promise<string[]> {
  const names = await readdir(join(api.dataDir, 'blobs'), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
async function expectNothingLeft(before: string[]): Promise<void> {
  await expect.poll(blobs).toEqual(before);
  // The feed may name the epoch of a Redis that was just emptied, with the floor of what has changed in it.
  const keys = (await redis.client.keys('*')).filter(
    (key) => !/^jobs:(epoch|server|changed)$|installation/.test(key),
  );
  expect(keys).toEqual([]);
}

test('an upload is acknowledged as documented, stored whole, and queued', async () => {
  const response = await post(form(['collection', 'papers'], ['chunk_size', '512'], ['file', file('hello')]));
  expect(response.status).toBe(202);
  const accepted = (await response.json()) as UploadAccepted;
  expect(accepted).toEqual({
    job_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    status: 'queued',
    message: 'Upload queued for processing',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
  });
  expect(response.headers.get('location')).toBe(`/api/jobs/${accepted.job_id}`);
  const payload = JSON.parse((await redis.client.hget(`job:${accepted.job_id}`, 'payload'))!) as Record<
    string,
    unknown
  >;
  expect(payload).toEqual({
    filename: 'a.txt',
    file_size: 5,
    collection: 'papers',
    chunking_strategy: 'sentence',
    chunk_size: 512,
    chunk_overlap: 50,
    metadata: {},
    on_duplicate: 'skip',
    file_key: `default/${accepted.job_id}`,
    media_type: 'text/plain',
    content_hash: createHash('sha256').update('hello').digest('hex'),
  });
  const path = join(api.dataDir, 'blobs', 'default', accepted.job_id);
  expect(await readFile(path, 'utf8')).toBe('hello');
  expect(JSON.parse(await readFile(`${path}.json`, 'utf8'))).toEqual({
    job_id: accepted.job_id,
    tenant: 'default',
    payload,
  });
});

test('its manifest is there before a worker can have its job, and be done with it', async () => {
  const create = Object.getOwnPropertyDescriptor(BlobStore.prototype, 'create')?.value as BlobStore['create'];
  let queued: number | undefined;
  const spy = vi.spyOn(BlobStore.prototype, 'create').mockImplementation(function (this: BlobStore, ...key) {
    const blob = create.apply(this, key);
    const describe: BlobWriter['describe'] = async (manifest) => {
      // Time enough for the job to be queued, if it were under way already.
      for (let i = 0; i < 20; i++) await redis.client.ping();
      queued = await redis.client.llen('queue:document_upload');
      await blob.describe(manifest);
    };
    return { ...blob, describe };
  });
  try {
    expect((await post(form(['file', file()]))).status).toBe(202);
  } finally {
    spy.mockRestore();
  }
  expect(queued).toBe(0);
  expect(await redis.client.llen('queue:document_upload')).toBe(1);
});

test('a polled job has the documented shape, under all three addresses, and an ETag', async () => {
  const { job_id } = (await (await post(form(['file', file()]))).json()) as UploadAccepted;
  const bodies = await Promise.all(
    [`/api/jobs/${job_id}`, `/api/jobs/${job_id}/status`, `/jobs/${job_id}/status`].map(async (path) =>
      (await fetch(api.url + path)).text(),
    ),
  );
  expect(new Set(bodies).size).toBe(1);
  expect(bodies[0]).toMatch(
    new RegExp(
      `^\\{"id":"${job_id}","type":"document_upload","status":"queued","progress":0,"message":"Waiting for worker..."`,
    ),
  );
  const etag = (await fetch(`${api.url}/api/jobs/${job_id}`)).headers.get('etag')!;
  const again = await fetch(`${api.url}/api/jobs/${job_id}`, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
});

test('an unknown job is a 404 problem', async () => {
  const response = await fetch(`${api.url}/api/jobs/nope`);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ code: 'job_not_found', status: 404 });
});

test('parts may come in any order, and a field sent as a blob is a field', async () => {
  const response = await post(
    form(
      ['file', file()],
      ['metadata', new File(['{"year":2021}'], 'blob', { type: 'application/json' })],
      ['collection', 'late-field'],
    ),
  );
  expect(response.status).toBe(202);
  const { job_id } = (await response.json()) as UploadAccepted;
  expect(JSON.parse((await redis.client.hget(`job:${job_id}`, 'payload'))!)).toMatchObject({
    collection: 'late-field',
    metadata: { year: 2021 },
  });
});

test('a small chunk_size halves the default overlap', async () => {
  const { job_id } = (await (
    await post(form(['chunk_size', '64'], ['file', file()]))
  ).json()) as UploadAccepted;
  expect(JSON.parse((await redis.client.hget(`job:${job_id}`, 'payload'))!)).toMatchObject({
    chunk_overlap: 32,
  });
});

test.each<[string, number, FormData | string, Record<string, string>?]>([
  ['missing_file', 400, form(['collection', 'papers'])],
  ['missing_file', 400, form(['document', file()])],
  ['missing_file', 400, form(['file', 'text, not a file'])],
  ['too_many_files', 400, form(['file', file()], ['file', file()])],
  ['empty_file', 400, form(['file', file('')])],
  ['invalid_collection', 400, form(['file', file()], ['collection', 'no spaces allowed'])],
  ['invalid_collection', 400, form(['file', file()], ['collection', 'ab'])],
  ['invalid_collection', 400, form(['file', file()], ['collection', '-ends-badly-'])],
  ['invalid_collection', 400, form(['file', file()], ['collection', 'two..points'])],
  ['invalid_collection', 400, form(['file', file()], ['collection', '127.0.0.1'])],
  ['invalid_chunk_size', 400, form(['file', file()], ['chunk_size', '31'])],
  ['invalid_chunk_size', 400, form(['file', file()], ['chunk_size', '8193'])],
  ['invalid_chunk_size', 400, form(['file', file()], ['chunk_size', '512.5'])],
  ['invalid_chunk_size', 400, form(['file', file()], ['chunk_size', '0x200'])],
  ['invalid_chunk_size', 400, form(['file', file()], ['chunk_size', ''])],
  ['invalid_chunk_overlap', 400, form(['file', file()], ['chunk_size', '100'], ['chunk_overlap', '51'])],
  ['invalid_chunk_overlap', 400, form(['file', file()], ['chunk_overlap', '-1'])],
  ['invalid_on_duplicate', 400, form(['file', file()], ['on_duplicate', 'overwrite'])],
  ['invalid_include_hidden', 400, form(['file', file()], ['include_hidden', 'yes'])],
  ['invalid_priority', 400, form(['file', file()], ['priority', 'urgent'])],
  ['invalid_chunking_strategy', 400, form(['file', file()], ['chunking_strategy', 'magic'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', 'not json'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '{"a":{"b":1}}'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '{"#a":1}'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '{"chroma:document":"x"}'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '{"__proto__":"x"}'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '{"constructor":"x"}'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '[1]'])],
  ['invalid_metadata', 400, form(['file', file()], ['metadata', '{"a":"\\ud800"}'])],
  [
    'invalid_metadata',
    400,
    form(
      ['file', file()],
      ['metadata', JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 1])))],
    ),
  ],
  ['field_too_large', 413, form(['file', file()], ['metadata', 'x'.repeat(70_000)])],
  ['file_too_large', 413, form(['file', file(new Uint8Array(MAX_UPLOAD_BYTES + 1))])],
  ['file_too_large', 413, form(['file', file(new Uint8Array(3 * MAX_UPLOAD_BYTES))])],
  ['not_multipart', 415, '{"file":"x"}', { 'content-type': 'application/json' }],
  ['malformed_multipart', 400, 'x', { 'content-type': 'multipart/form-data' }],
  [
    'malformed_multipart',
    400,
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
    { 'content-type': 'multipart/form-data; boundary=b' },
  ],
])('%s is answered with %i and leaves nothing behind', async (code, status, body, headers) => {
  const before = await blobs();
  const response = await post(body, headers);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem).toMatchObject({ code, status });
  expect(response.status).toBe(status);
  await expectNothingLeft(before);
});

test('a file of exactly the limit is taken', async () => {
  expect((await post(form(['file', file(new Uint8Array(MAX_UPLOAD_BYTES))]))).status).toBe(202);
});

test('a body without a length is measured as it comes', async () => {
  const before = await blobs();
  const boundary = 'frontier';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n`;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(head)),
    pull(controller) {
      controller.enqueue(new Uint8Array(64 * 1024));
      if ((sent += 64 * 1024) > 4 * MAX_UPLOAD_BYTES) controller.close();
    },
  });
  const response = await post(body, { 'content-type': `multipart/form-data; boundary=${boundary}` });
  expect(await response.json()).toMatchObject({ code: 'file_too_large' });
  await expectNothingLeft(before);
});

test('a client that goes away in the middle leaves nothing behind', async () => {
  const before = await blobs();
  const url = new URL(api.url);
  const client = request({
    host: url.hostname,
    port: url.port,
    path: '/api/documents/upload',
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': '500000' },
  });
  client.on('error', () => {});
  client.write(
    `--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${'x'.repeat(100_000)}`,
  );
  await expect.poll(async () => (await blobs()).length).toBeGreaterThan(before.length);
  client.destroy();
  await expectNothingLeft(before);
});

test('a client that goes away at any moment leaves a whole upload, or nothing', async () => {
  const before = (await blobs()).length;
  const { hostname, port } = new URL(api.url);
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const body = Buffer.from(`${head}${'x'.repeat(900_000)}\r\n--b--\r\n`);
  for (let delay = 0; delay < 12; delay += 0.5) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      `POST /api/documents/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n` +
        'Content-Type: multipart/form-data; boundary=b\r\n\r\n',
    );
    await new Promise<void>((resolve) => socket.write(body, () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, delay));
    socket.resetAndDestroy();
  }
  const files = async () => (await blobs()).length - before - 2 * (await redis.client.scard('jobs:active'));
  await expect.poll(files).toBe(0);
});

test('a file name is only ever shown: no path, no control characters', async () => {
  const { job_id } = (await (
    await post(form(['file', file('x', '../../etc/\u0007pass\u202ewd')]))
  ).json()) as UploadAccepted;
  const { filename } = JSON.parse((await redis.client.hget(`job:${job_id}`, 'payload'))!) as {
    filename: string;
  };
  expect(filename).toBe('passwd');
});

test('a client that offers HTTP/2 is answered', async () => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  );
  const response = await new Promise<string>((resolve) =>
    socket.once('data', (data: Buffer) => resolve(data.toString())),
  );
  socket.destroy();
  expect(response).toMatch(/^HTTP\/1\.1 200/);
});

test('a refused body leaves no connection behind that the next request would trip over', async () => {
  for (let i = 0; i < 4; i++) {
    // The server reads the rest of a refused body for 500 ms. A busy machine sent no 30 MiB within that.
    const response = await post(form(['file', file(new Uint8Array(8 * MAX_UPLOAD_BYTES))]));
    expect(await response.json()).toMatchObject({ code: 'file_too_large' });
  }
});

test('a client that still sends a refused body reads the refusal, and its connection serves the next request', async () => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  let said = '';
  socket.on('data', (data: Buffer) => (said += data.toString()));
  socket.write(
    'POST /api/documents/upload HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: a b\r\nContent-Length: 900000\r\n' +
      `Content-Type: multipart/form-data; boundary=b\r\n\r\n${'x'.repeat(900_000)}` +
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
  );
  await expect.poll(() => said.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
  socket.destroy();
});

test('a page of another site may not upload, one of ours may', async () => {
  const before = await blobs();
  const foreign = await post(form(['file', file()]), { origin: 'https://evil.example' });
  expect(await foreign.json()).toMatchObject({ code: 'origin_forbidden', status: 403 });
  await expectNothingLeft(before);
  expect((await post(form(['file', file()]), { origin: api.url })).status).toBe(202);
  const allowed = await post(form(['file', file()]), { origin: 'https://app.example' });
  expect(allowed.status).toBe(202);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect(allowed.headers.get('access-control-expose-headers')).toContain('Location');
});

test('the OpenAPI description names every route and every upload problem', async () => {
  const spec = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
    paths: Record<string, unknown>;
    servers?: unknown;
  };
  expect(spec.servers).toEqual([{ url: '/' }]);
  expect(Object.keys(spec.paths)).toEqual(
    expect.arrayContaining([
      '/api/documents/upload',
      '/api/jobs/{id}',
      '/jobs/{id}/status',
      '/api/search',
    ]) as string[],
  );
  expect(JSON.stringify(spec.paths['/api/documents/upload'])).toContain('invalid_chunk_overlap');
});
