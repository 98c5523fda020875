import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { CLOSE } from '../../../src/contract/messages.ts';
import { bearer, makeKey } from '../../helpers/clients/api-keys.ts';
import { startTestRoles, untilReady } from '../../helpers/servers/roles.ts';
import { registerDocument } from '../../helpers/stores/registered.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { expectAccepted, storedFiles } from '../../helpers/clients/uploads.ts';

const FORM = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n';
const FORM_HEADERS = { 'content-type': 'multipart/form-data; boundary=b' };
let clients = 0;
let client = '';
let sockets: Socket[] = [];

const redis = useRedis();
const api = useRoles(['api', 'gateway'], () => ({
  REDIS_URL: redis.url,
  TRUSTED_PROXIES: '127.0.0.1',
  MAX_REQUESTS_PER_SECOND: '10',
  MAX_BYTES_PER_MINUTE: '5000',
  MAX_OPEN_UPLOADS: '3',
  MAX_SOCKETS: '2',
  MAX_LIVE_JOBS: '3',
  MAX_UPLOAD_BYTES: '10000',
}));

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});

/** Every test is a client of its own, behind the same proxy. What it claims itself stands left of that. */
const nextClient = () => (client = `192.0.2.${++clients}`);
const proxied = (from: string) => ({ 'x-forwarded-for': `203.0.113.1, ${from}` });
const upload = (from: string, body = FORM) =>
  fetch(`${api.url}/api/documents/upload`, {
    method: 'POST',
    headers: { ...FORM_HEADERS, ...proxied(from) },
    body,
  });

async function expectLimited(response: Response, policy: string): Promise<void> {
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({ code: 'too_many_requests' });
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(response.headers.get('ratelimit-policy')).toBe(policy);
  const [, name] = /^(".*?")/.exec(policy) ?? [];
  expect(response.headers.get('ratelimit')).toMatch(new RegExp(`^${name};r=0;t=\\d+$`));
}

/** Begins an upload without a length and keeps it open. */
async function begin(from: string, start = FORM.slice(0, 80)): Promise<Socket> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(
    `POST /api/documents/upload HTTP/1.1\r\nHost: ${new URL(api.url).host}\r\n` +
      `X-Forwarded-For: ${from}\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${chunk(start)}`,
  );
  return socket;
}
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

test('a client that floods is refused with the time to come again; others and probes are served', async () => {
  nextClient();
  const ask = (path: string) => fetch(api.url + path, { headers: proxied(client) });
  const responses = await Promise.all(Array.from({ length: 200 }, () => ask('/api/jobs')));
  const limited = responses.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(0);
  await expectLimited(limited[0]!, '"requests";q=20;w=2');
  for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(path)).status).toBe(200);
  expect((await fetch(`${api.url}/api/jobs`, { headers: proxied(nextClient()) })).status).toBe(200);
});

test('a flood over one connection gets one refusal, and the connection closes', async () => {
  nextClient();
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  sockets.push(socket);
  const head = `Host: ${new URL(api.url).host}\r\nX-Forwarded-For: ${client}\r\n\r\n`;
  socket.write(`GET /api/jobs/x HTTP/1.1\r\n${head}`.repeat(100));
  const statuses = [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses.filter((status) => status === '404').length).toBeGreaterThanOrEqual(20);
  expect(statuses.filter((status) => status === '429')).toHaveLength(1);
});

test('a flood for a foreign host gets one refusal, and the connection closes', async () => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.write('GET /api/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n'.repeat(100));
  expect([...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
    '403',
  ]);
});

test('a client has a limit of open uploads, and may reuse the place of an ended one', async () => {
  nextClient();
  const before = (await storedFiles(api.dataDir)).length;
  const open = () => storedFiles(api.dataDir).then(({ length }) => (length - before) / 2);
  const [first] = await Promise.all([begin(client), begin(client), begin(client)]);
  await expect.poll(open).toBe(3);
  await expectLimited(await upload(client), '"bodies";q=3');
  first.destroy();
  await expect.poll(open).toBe(2);
  await expectAccepted(await upload(client));
  await expectAccepted(await upload(nextClient()));
});

test('a client has a limit of jobs that have not ended', async () => {
  nextClient();
  const ids: string[] = [];
  while (ids.length < 3) ids.push(await expectAccepted(await upload(client)));
  // What ends a job takes it out of this set.
  await redis.client.srem('jobs:active', ids[1]!);
  await expectAccepted(await upload(client));
  await expectLimited(await upload(client), '"jobs";q=3');
  await expectAccepted(await upload(nextClient()));
});

test('a client that uploaded its bytes waits until they are refilled', async () => {
  nextClient();
  await expectAccepted(await upload(client, FORM.replace('hello', 'x'.repeat(9000))));
  await expectLimited(await upload(client), '"bytes";q=5000;w=60');
});

test('a body without end is refused by what arrives, whatever its headers say', async () => {
  const socket = await begin(nextClient(), 'a preamble');
  let response = '';
  socket.on('data', (bytes: Buffer) => (response += bytes.toString()));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  // What the largest file and all that may stand beside it have, and a little more.
  for (let sent = 0; sent < 16; sent++) socket.write(chunk('x'.repeat(65_536)));
  socket.write(chunk('x'.repeat(10_500)));
  await ended;
  expect(response).toMatch(/^HTTP\/1\.1 413 [^]*"code":"body_too_large"/);
});

test('behind a proxy every client has sockets and event streams of its own', async () => {
  const open = (from: string) => new WebSocket(`${api.url}/ws`, 'sluice.v2', { headers: proxied(from) });
  nextClient();
  const id = await expectAccepted(await upload(client));
  const events = () => fetch(`${api.url}/api/jobs/${id}/events`, { headers: proxied(client) });
  const first = open(client);
  await once(first, 'message');
  const stream = await events();
  expect(stream.status).toBe(200);
  const refused = open(client);
  const [code] = (await once(refused, 'close')) as [number];
  expect(code).toBe(CLOSE.tooMany);
  await expectLimited(await events(), '"sockets";q=2');
  const other = open(nextClient());
  await once(other, 'message');
  await stream.body?.cancel();
  client = `192.0.2.${clients - 1}`;
  await expect
    .poll(
      async () => {
        const again = await events();
        await again.body?.cancel();
        return again.status;
      },
      { interval: 2000 },
    )
    .toBe(200);
  for (const socket of [first, other]) socket.terminate();
});

test('a key has limits of its own, wherever it comes from', async () => {
  const [one, other] = [makeKey('one', ['read']), makeKey('other', ['read'])];
  const keyed = await startTestRoles(['api', 'gateway'], {
    REDIS_URL: redis.url,
    BLOB_STORE: join(api.dataDir, 'blobs'),
    TRUSTED_PROXIES: '127.0.0.1',
    API_KEYS: JSON.stringify([one.entry, other.entry]),
    MAX_REQUESTS_PER_SECOND: '1',
    MAX_SOCKETS: '1',
  });
  try {
    await untilReady(keyed.url);
    const open = (token: string, from: string) =>
      new WebSocket(`${keyed.url}/ws`, 'sluice.v2', { headers: { ...proxied(from), ...bearer(token) } });
    const first = open(one.token, '192.0.2.201');
    await once(first, 'message');
    const refused = open(one.token, '192.0.2.202');
    expect((await once(refused, 'close'))[0]).toBe(CLOSE.tooMany);
    // Another key from the first one's address has its own place.
    const second = open(other.token, '192.0.2.201');
    await once(second, 'message');
    for (const socket of [first, second]) socket.terminate();
    const ask = (token: string, i: number) =>
      fetch(`${keyed.url}/api/jobs`, { headers: { ...proxied(`198.51.100.${i}`), ...bearer(token) } });
    const responses = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(one.token, i)));
    const limited = responses.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    await expectLimited(limited[0]!, '"requests";q=2;w=2');
    expect((await ask(other.token, 99)).status).toBe(200);
  } finally {
    await keyed.close();
  }
});

test('downloads count with the uploads: those under way, and their bytes', async () => {
  const { id } = await registerDocument(redis.client, api.dataDir, Buffer.alloc(64 * 1024 * 1024, 'x'));
  const path = `/api/documents/${id}/content`;
  const ask = (headers: Record<string, string> = {}) =>
    fetch(api.url + path, { headers: { ...proxied(client), ...headers } });
  nextClient();
  await begin(client);
  await begin(client);
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  const { host } = new URL(api.url);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${client}\r\n\r\n`);
  // It reads no more than the first bytes, so the download goes on.
  await once(socket, 'readable');
  await expectLimited(await ask(), '"bodies";q=3');
  nextClient();
  expect((await (await ask({ range: 'bytes=0-5999' })).arrayBuffer()).byteLength).toBe(6000);
  await expectLimited(await ask({ range: 'bytes=0-0' }), '"bytes";q=5000;w=60');
  await expectLimited(await upload(client), '"bytes";q=5000;w=60');
});
