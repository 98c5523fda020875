import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ROUTE_RULES } from '../../../src/http/route-rules.ts';
import { CLOSE } from '../../../src/contract/messages.ts';
import { bearer, makeKey } from '../../helpers/clients/api-keys.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { useFolder, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const KEYS = {
  upload: makeKey('uploader', ['upload']),
  read: makeKey('reader', ['read']),
  dashboard: makeKey('dashboard', ['dashboard']),
  admin: makeKey('admin', ['admin']),
  expired: makeKey('expired', ['admin'], '2020-01-01T00:00:00Z'),
  revoked: makeKey('revoked', ['read']),
};
const unknown = makeKey('unknown', ['admin']);
const SCOPES = ['upload', 'read', 'dashboard', 'admin'] as const;

const folder = useFolder();
const keyFile = join(folder, 'keys.json');
const writeKeys = (keys: { entry: unknown }[]) =>
  writeFile(keyFile, JSON.stringify(keys.map(({ entry }) => entry)));

beforeAll(() => writeKeys(Object.values(KEYS)));
const redis = useRedis();
const env = () => ({
  REDIS_URL: redis.url,
  API_KEYS: keyFile,
  BLOB_STORE: join(folder, 'blobs'),
  // One address tries every route with every key.
  MAX_REQUESTS_PER_SECOND: '100000',
});
const node = useRoles(['api', 'gateway'], env);
const worker = useRoles(['worker'], env);
const jobs = new TestJobs(redis);

beforeAll(() => untilReady(node.url));
afterAll(() => {
  const secrets = [...Object.values(KEYS), unknown].map(({ token }) => token);
  const logged = [...node.logger.lines, ...worker.logger.lines].join('\n');
  // Whatever the tests did, no line of the log holds a token.
  for (const secret of secrets) expect(logged).not.toContain(secret);
});

const upload = (headers: Record<string, string>) => {
  const body = new FormData();
  body.set('file', new File(['text'], 'a.txt'));
  return fetch(`${node.url}/api/documents/upload`, { method: 'POST', body, headers });
};
const read = (path: string, headers: Record<string, string> = {}) => fetch(node.url + path, { headers });
const ticketFor = async (token: string) => {
  const response = await fetch(`${node.url}/api/ws-ticket`, { method: 'POST', headers: bearer(token) });
  return ((await response.json()) as { ticket: string }).ticket;
};

/** How a caller may present itself, and what it is told unless the route is open. */
const STRANGERS: [string, Record<string, string>][] = [
  ['no key', {}],
  ['an empty header', { authorization: '' }],
  ['no scheme', { authorization: KEYS.admin.token }],
  ['another scheme', { authorization: `Basic ${KEYS.admin.token}` }],
  ['no token', { authorization: 'Bearer ' }],
  ['two tokens', { authorization: `Bearer ${KEYS.admin.token} ${KEYS.admin.token}` }],
  ['characters that no token has', { authorization: 'Bearer ä"{}' }],
  ['an endless token', { authorization: `Bearer ${'x'.repeat(5000)}` }],
  ['the digest in place of the token', bearer(KEYS.admin.entry.sha256)],
  ['a key that has expired', bearer(KEYS.expired.token)],
  ['an unknown key', bearer(unknown.token)],
  ['a job token that nobody made', bearer('job_AAAA')],
  ['a token in the query', {}],
];

describe.each(Object.entries(ROUTE_RULES))('%s', (route, rule) => {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern.replace(':id', 'nobody').replace('*', '');
  const ask = (headers: Record<string, string>, query = '') =>
    fetch(node.url + path + query, { method, headers, redirect: 'manual' });
  const isOpen = rule === 'open';
  const refusal = (code: string, status: number) =>
    path.startsWith('/v1/') ? { error: { code } } : { code, status };

  test('refuses a request without a valid key', async () => {
    for (const [state, headers] of STRANGERS) {
      const query = state === 'a token in the query' ? `?token=${KEYS.admin.token}` : '';
      const response = await ask(headers, query);
      if (isOpen) {
        expect([state, response.status]).not.toEqual([state, 401]);
      } else {
        expect([state, response.status]).toEqual([state, 401]);
        expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sluice"');
        const text = await response.text();
        expect(JSON.parse(text)).toMatchObject(refusal('unauthorized', 401));
        expect(text).not.toContain(KEYS.admin.token);
      }
    }
  });

  test('accepts only the keys that its rule allows', async () => {
    for (const scope of SCOPES) {
      const allowed = isOpen || rule === 'any' || scope === 'admin' || scope === rule.scope;
      const response = await ask(bearer(KEYS[scope].token));
      expect([scope, response.status === 401, response.status === 403]).toEqual([scope, false, !allowed]);
      if (!allowed) expect(await response.json()).toMatchObject(refusal('forbidden', 403));
      else await response.body?.cancel();
    }
  });
});

test('a worker guards its metrics, and not its health', async () => {
  const status = async (path: string, token?: string) =>
    (await fetch(worker.url + path, { headers: token === undefined ? {} : bearer(token) })).status;
  expect(await status('/healthz')).toBe(200);
  expect(await status('/metrics')).toBe(401);
  expect(await status('/metrics', KEYS.read.token)).toBe(403);
  expect(await status('/metrics', KEYS.dashboard.token)).toBe(200);
});

test('an upload is refused before its body is read, and queues nothing', async () => {
  const before = await redis.client.keys('job:*');
  expect((await upload({})).status).toBe(401);
  expect((await upload(bearer(KEYS.read.token))).status).toBe(403);
  expect(await redis.client.keys('job:*')).toEqual(before);
});

test.each([
  ['no key', 'Host: localhost', 401],
  ['too little scope', `Host: localhost\r\nAuthorization: Bearer ${KEYS.read.token}`, 403],
  ['a foreign host', 'Host: evil.example', 403],
])('a client with %s that still sends its upload reads the refusal', async (_, headers, status) => {
  const { hostname, port } = new URL(node.url);
  const socket = connect(Number(port), hostname);
  let said = '';
  socket.on('data', (data: Buffer) => (said += data.toString()));
  socket.write(
    `POST /api/documents/upload HTTP/1.1\r\n${headers}\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(900_000)}` +
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
  );
  await expect.poll(() => said.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`, 'HTTP/1.1 200']);
  socket.destroy();
});

test("an upload's response carries a token for its job alone, if asked", async () => {
  const plain = await upload(bearer(KEYS.upload.token));
  expect([plain.status, plain.headers.get('sluice-job-token')]).toEqual([202, null]);
  const other = ((await plain.json()) as { job_id: string }).job_id;
  expect((await upload({ ...bearer(KEYS.upload.token), 'sluice-job-token': 'yes' })).status).toBe(400);

  const asked = await upload({ ...bearer(KEYS.upload.token), 'sluice-job-token': 'request' });
  const id = ((await asked.json()) as { job_id: string }).job_id;
  const token = asked.headers.get('sluice-job-token')!;
  const status = async (path: string, method = 'GET') =>
    (await fetch(node.url + path, { method, headers: bearer(token) })).status;
  expect(await status(`/api/jobs/${id}`)).toBe(200);
  expect(await status(`/jobs/${id}/status`)).toBe(200);
  expect(await status(`/api/jobs/${other}`)).toBe(403);
  expect(await status('/api/jobs')).toBe(403);
  expect(await status(`/api/documents/${id}`)).toBe(403);
  const bulk = ['/api/jobs/cancel', '/api/jobs/retry', '/api/documents/delete'];
  for (const path of [`/api/jobs/${id}/cancel`, ...bulk])
    expect([path, await status(path, 'POST')]).toEqual([path, 403]);
  expect(await status('/api/collections/default', 'DELETE')).toBe(403);

  const client = new TestClient(`${node.url}/ws?ticket=${await ticketFor(token)}`);
  await client.opened;
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: [id] });
  client.send({ type: 'subscribe', id: 2, channel: 'jobs', jobs: [id, other] });
  client.send({ type: 'subscribe', id: 3, channel: 'active' });
  await expect
    .poll(() => client.of('error').map(({ id, code }) => [id, code]))
    .toEqual([
      [2, 'forbidden'],
      [3, 'forbidden'],
    ]);
  expect(client.of('snapshot').flatMap(({ jobs }) => jobs.map(({ id }) => id))).toEqual([id]);
  client.socket.close();
  // Neither a token nor a ticket can be read in Redis.
  expect((await redis.client.keys('*')).join()).not.toContain(token);
});

test('a ticket opens one socket or one event stream, and expires soon', async () => {
  const ticket = await ticketFor(KEYS.read.token);
  const [stored] = await redis.client.keys('access:ticket:*');
  expect(stored).not.toContain(ticket);
  expect(await redis.client.ttl(stored!)).toBeLessThanOrEqual(30);
  const first = new TestClient(`${node.url}/ws?ticket=${ticket}`);
  await expect.poll(() => first.of('welcome')).toHaveLength(1);
  expect(first.of('authorized')).toEqual([]);
  first.socket.close();
  const second = new TestClient(`${node.url}/ws?ticket=${ticket}`);
  expect((await second.closed).code).toBe(CLOSE.unauthorized);

  await jobs.claim('streamed');
  const path = '/api/jobs/streamed/events';
  const stream = await read(`${path}?ticket=${await ticketFor(KEYS.read.token)}`);
  expect(stream.status).toBe(200);
  await stream.body?.cancel();
  expect((await read(`${path}?ticket=${ticket}`)).status).toBe(401);
  expect((await read(`/api/jobs/streamed?ticket=${await ticketFor(KEYS.read.token)}`)).status).toBe(401);
});

describe('a socket', () => {
  const open = (token?: string, query = '') =>
    new TestClient(`${node.url}/ws${query}`, token === undefined ? {} : bearer(token));

  test.each(STRANGERS.filter(([, { authorization }]) => authorization !== undefined))(
    'with %s is closed with 4401, and told nothing',
    async (_, headers) => {
      // A header that holds no text cannot be sent by every client.
      const client = new TestClient(`${node.url}/ws`, {
        authorization: headers['authorization']!.replace('ä', 'a'),
      });
      expect((await client.closed).code).toBe(CLOSE.unauthorized);
      expect(client.messages).toEqual([]);
    },
  );

  test.each<[string, string]>([
    ['an unknown key', JSON.stringify({ type: 'auth', token: unknown.token })],
    ['an expired key', JSON.stringify({ type: 'auth', token: KEYS.expired.token })],
    ['no token', JSON.stringify({ type: 'auth' })],
    ['an endless token', JSON.stringify({ type: 'auth', token: 'x'.repeat(5000) })],
    ['another message', JSON.stringify({ type: 'ping' })],
    ['no JSON', 'auth'],
  ])('whose first frame has %s is closed with 4401', async (_, frame) => {
    const client = open();
    await client.opened;
    client.socket.send(frame);
    expect((await client.closed).code).toBe(CLOSE.unauthorized);
    expect(client.messages).toEqual([]);
  });

  test('sends its key first, and need not wait for the response', async () => {
    await jobs.claim('watched');
    const client = open();
    await client.opened;
    client.send({ type: 'auth', id: 5, token: KEYS.read.token });
    client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['watched'] });
    await expect
      .poll(() => client.messages.map(({ type }) => type))
      .toEqual(['welcome', 'authorized', 'snapshot']);
    expect(client.of('authorized')).toEqual([{ type: 'authorized', id: 5, scopes: ['read'] }]);
    client.socket.close();
  });

  test.each(SCOPES)('with the scope %s watches what that allows', async (scope) => {
    await jobs.claim(`watched-${scope}`);
    const client = open(KEYS[scope].token);
    await client.opened;
    client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: [`watched-${scope}`] });
    client.send({ type: 'subscribe', id: 2, channel: 'active' });
    client.send({ type: 'ping' });
    await expect.poll(() => client.of('pong')).toHaveLength(1);
    const refused = client
      .of('error')
      .filter(({ code }) => code === 'forbidden')
      .map(({ id }) => id);
    const expected: number[] = { upload: [1, 2], read: [2], dashboard: [1], admin: [] }[scope];
    expect(refused).toEqual(expected);
    client.socket.close();
    const one = open(KEYS[scope].token, `?job=watched-${scope}`);
    if (expected.includes(1)) expect((await one.closed).code).toBe(CLOSE.forbidden);
    else await expect.poll(() => one.of('snapshot')).toHaveLength(1);
    one.socket.close();
  });

  test('replaces its key, and loses subscriptions that the new key does not allow', async () => {
    await jobs.claim('kept');
    const client = open(KEYS.admin.token);
    await client.opened;
    client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['kept'] });
    client.send({ type: 'subscribe', id: 2, channel: 'active' });
    client.send({ type: 'auth', id: 7, token: KEYS.read.token });
    await expect.poll(() => client.of('error')).toMatchObject([{ id: 2, code: 'forbidden' }]);
    expect(client.of('authorized')).toEqual([{ type: 'authorized', id: 7, scopes: ['read'] }]);
    client.send({ type: 'auth', token: unknown.token });
    expect((await client.closed).code).toBe(CLOSE.unauthorized);
  });
});

test('a key that is revoked closes its sockets and event streams, and no other', async () => {
  const job = await jobs.claim('revoked');
  const lost = new TestClient(`${node.url}/ws`, bearer(KEYS.revoked.token));
  const kept = new TestClient(`${node.url}/ws`, bearer(KEYS.read.token));
  await expect.poll(() => lost.messages.length + kept.messages.length).toBe(2);
  const stream = await read('/api/jobs/revoked/events', bearer(KEYS.revoked.token));
  const { revoked: _, ...others } = KEYS;
  await writeKeys(Object.values(others));
  node.reload();
  expect((await lost.closed).code).toBe(CLOSE.unauthorized);
  expect((await read('/api/jobs', bearer(KEYS.revoked.token))).status).toBe(401);
  await jobs.fail(job);
  expect(await stream.text()).not.toContain('"status":"failed"');
  kept.send({ type: 'ping' });
  await expect.poll(() => kept.of('pong')).toHaveLength(1);
  kept.socket.close();
});

test('a key that gets another token takes back the tickets and job tokens of the former one', async () => {
  const asked = await upload({ ...bearer(KEYS.upload.token), 'sluice-job-token': 'request' });
  const { job_id: id } = (await asked.json()) as { job_id: string };
  const token = asked.headers.get('sluice-job-token')!;
  const ticket = await ticketFor(KEYS.upload.token);
  const watching = new TestClient(`${node.url}/ws`, bearer(token));
  await expect.poll(() => watching.of('welcome')).toHaveLength(1);
  await writeKeys([KEYS.read, makeKey('uploader', ['upload'])]);
  node.reload();
  expect((await watching.closed).code).toBe(CLOSE.unauthorized);
  expect((await new TestClient(`${node.url}/ws?ticket=${ticket}`).closed).code).toBe(CLOSE.unauthorized);
  expect((await read(`/api/jobs/${id}`, bearer(token))).status).toBe(401);
});
