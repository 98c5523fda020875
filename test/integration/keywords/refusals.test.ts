import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { forgetInstallation } from '../../../src/keywords/forget-installation.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { keywordChunk, SECRET, startTestKeywords } from '../../helpers/servers/keywords.ts';
import { rawRequest } from '../../helpers/clients/raw-request.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';

const { signal } = new AbortController();
const index = use(startTestKeywords, FOR_EACH);
const upsertOf = (document_id: string) => ({
  collection: 'docs',
  writes: [{ document_id, generation: 'g1', chunks: [keywordChunk(0, 'walrus')] }],
});
const upsert = upsertOf('a');

test('a wrong secret makes jobs wait, also in the heartbeat', async () => {
  const client = index.client({ secret: 'another-secret-of-the-test' });
  const refused = { kind: 'unreachable', code: 'keywords_unavailable', message: /KEYWORDS_SECRET/ };
  const matching = expect.objectContaining({
    ...refused,
    message: expect.stringMatching(refused.message) as string,
  });
  await expect(client.upsert(upsert, signal)).rejects.toEqual(matching);
  await expect(client.heartbeat(signal)).rejects.toEqual(matching);
  // A probe of an init system holds no secret.
  expect((await fetch(`${index.url}/health`)).status).toBe(200);
  expect((await fetch(`${index.url}/collections`)).status).toBe(401);
});

test('a foreign host is refused', async () => {
  const { status, text } = await rawRequest(
    index.url,
    'GET /health HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n',
  );
  expect(status).toBe(403);
  expect(text).toContain('host_forbidden');
});

test('another installation is refused, and changes nothing, until the index forgets its own', async () => {
  const own = index.client();
  await own.upsert(upsert, signal);
  const stranger = index.client({ installation: 'two' });
  const refused = expect.objectContaining({
    kind: 'unreachable',
    code: 'keywords_unavailable',
    message: expect.stringContaining('installation one') as string,
  });
  await expect(stranger.upsert(upsertOf('b'), signal)).rejects.toEqual(refused);
  const generation = { collection: 'docs', documentId: 'a', generation: 'g1' };
  await expect(stranger.deleteGeneration(generation, signal)).rejects.toEqual(refused);
  await expect(stranger.markComplete(undefined, signal)).rejects.toEqual(refused);
  const asked = ['a', 'b'].map((id) => ({ id, generation: 'g1' }));
  expect(await own.countStored('docs', asked, signal)).toEqual([1, 0]);

  expect(forgetInstallation(index.folder)).toBe(true);
  await stranger.upsert(upsertOf('b'), signal);
  await expect(own.upsert(upsert, signal)).rejects.toMatchObject({ code: 'keywords_unavailable' });
  expect(await stranger.countStored('docs', asked, signal)).toEqual([1, 1]);
  expect((await stranger.collections(signal)).complete).toBe(false);
});

test.each([
  ['/upsert', '{"collection":"docs"}', 400, 'invalid_request'],
  ['/upsert', 'no JSON', 400, 'invalid_request'],
  ['/query', '{"collection":"docs","query":"x","limit":100000}', 400, 'invalid_request'],
  ['/nothing', '{}', 404, 'not_found'],
  ['/upsert', ' '.repeat(41 * 1024 * 1024), 413, 'body_too_large'],
])('%s with a wrong body is refused with a code', async (path, body, status, code) => {
  const headers = { authorization: `Bearer ${SECRET}`, 'x-sluice-installation': 'one' };
  const response = await fetch(index.url + path, { method: 'POST', headers, body });
  expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
});

test('a write without an installation is refused', async () => {
  const headers = { authorization: `Bearer ${SECRET}` };
  const response = await fetch(`${index.url}/upsert`, {
    method: 'POST',
    headers,
    body: JSON.stringify(upsert),
  });
  expect([response.status, await response.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'invalid_request' }),
  ]);
});

/** Servers that stand at the address of the index, by their response. */
let server: ReturnType<typeof createServer> | undefined;
let client: KeywordIndex | undefined;
afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
});
const clientOf = async (respond: Parameters<typeof createServer>[1]) => {
  server = createServer(respond).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (client = new KeywordIndex(url, { secret: undefined, installation: () => 'one' }));
};

test.each([
  ['is no index', 404, 'Not here', 'unreachable', 'keywords_unavailable'],
  ['redirects', 302, '', 'unreachable', 'keywords_unavailable'],
  ['fails as no index does', 500, 'Oops', 'unreachable', 'keywords_unavailable'],
  ['stands before an absent index', 502, '<html>', 'unreachable', 'keywords_unavailable'],
  ['fails with a code', 500, '{"code":"internal","detail":"It failed."}', 'transient', 'keywords_failed'],
  ['has no disk', 503, '{"code":"storage_failed","detail":"Full."}', 'unreachable', 'keywords_damaged'],
  ['is busy', 503, '{"code":"busy","detail":"Too many."}', 'transient', 'keywords_timeout'],
  ['sends something else', 200, '{"counts":["many"]}', 'unreachable', 'keywords_unavailable'],
  ['sends a page', 200, '<html>', 'unreachable', 'keywords_unavailable'],
  ['counts too few', 200, '{"counts":[]}', 'transient', 'keywords_failed'],
  ['sends too much', 200, ' '.repeat(17 * 1024 * 1024), 'transient', 'keywords_failed'],
])('a server that %s fails the call with a code', async (_, status, body, kind, code) => {
  const asked = await clientOf((request, response) => {
    request.resume();
    response.writeHead(status).end(body);
  });
  await expect(asked.countStored('docs', [{ id: 'a', generation: 'g1' }], signal)).rejects.toMatchObject({
    kind,
    code,
  });
});

test('a connection that is cut says that the call may be the cause', async () => {
  const asked = await clientOf((_, response) => response.destroy());
  await expect(asked.heartbeat(signal)).rejects.toMatchObject({
    kind: 'interrupted',
    code: 'keywords_unavailable',
  });
});

test('an index that is away makes jobs wait', async () => {
  const asked = await clientOf(() => {});
  server?.close();
  await once(server!, 'close');
  await expect(asked.heartbeat(signal)).rejects.toMatchObject({
    kind: 'unreachable',
    code: 'keywords_unavailable',
  });
});

test('a call ends with the reason of its signal', async () => {
  const asked = await clientOf(() => {});
  const given = new AbortController();
  const call = asked.heartbeat(given.signal);
  given.abort(new Error('the worker stops'));
  await expect(call).rejects.toThrow('the worker stops');
});

test('an index of another installation is neither read nor healthy', async () => {
  await index.client().upsert(upsert, signal);
  const other = index.client({ installation: 'two' });
  const refused = { kind: 'unreachable', code: 'keywords_unavailable' };
  await expect(other.query({ collection: 'docs', query: 'walrus', limit: 5 }, signal)).rejects.toMatchObject(
    refused,
  );
  await expect(other.heartbeat(signal)).rejects.toMatchObject(refused);
  await expect(other.collections(signal)).rejects.toMatchObject(refused);
});
