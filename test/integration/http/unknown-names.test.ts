import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Problem } from '../../../src/contract/problem.ts';
import type { OpenAiError } from '../../../src/contract/openai.ts';
import type { Ticket } from '../../../src/contract/messages.ts';
import { openApiDocument } from '../../../src/http/openapi/openapi.ts';
import { ROUTE_RULES } from '../../../src/http/route-rules.ts';
import { rawRequest } from '../../helpers/clients/raw-request.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

/** Routes that take any name in silence: probes and files. */
const IGNORING = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /asyncapi.json',
  'GET /docs',
  'GET /*',
];
const POLLED = ['GET /api/jobs/:id', 'GET /api/jobs/:id/status', 'GET /jobs/:id/status'];
const OWN = Object.keys(ROUTE_RULES).filter(
  (route) => ![...IGNORING, ...POLLED, 'POST /api/documents/upload'].includes(route),
);

/** Query strings that hold no known name, with the first name of each as `Sluice-Ignored` shows it. */
const HOSTILE: [what: string, query: string, shown: string][] = [
  ['a prototype', '__proto__=1', '__proto__'],
  ['a constructor', 'constructor=1', 'constructor'],
  ['a method of objects', 'toString', 'toString'],
  ['1,000 names', Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join('&'), 'p0'],
  ['10 KB in one name', `${'n'.repeat(10_000)}=1`, `${'n'.repeat(64)}+`],
  ['another script', 'größe=1&収集=1', 'gr%C3%B6%C3%9Fe'],
  ['no UTF-8', '%ff%fe=1', '%EF%BF%BD%EF%BF%BD'],
  ['no encoding', '%zz=1', '%25zz'],
  ['a header of its own', 'a%0d%0aset-cookie%3A%20b=1', 'a%0D%0Aset-cookie%3A%20b'],
  ['no name', '=1', '""'],
  ['one name twice', '_=1&_=2', '_'],
];

const redis = useRedis();
const api = useRoles(['api', 'gateway'], () => ({
  REDIS_URL: redis.url,
  ALLOWED_ORIGINS: 'https://app.example',
}));
const jobs = new TestJobs(redis);
beforeAll(async () => {
  await untilReady(api.url);
  await jobs.claim('some-id');
});
afterAll(() => redis.client.flushall());

/** Calls a route, by its method and path. */
function call(route: string, query = '', init: RequestInit = {}): Promise<Response> {
  const [method = '', path = ''] = route.split(' ');
  const url = api.url + path.replace(':id', 'some-id').replace('*', '');
  return fetch(query ? `${url}?${query}` : url, { method, ...init });
}
async function detailOf(response: Response): Promise<string> {
  const body = (await response.json()) as Problem & Partial<OpenAiError>;
  const { code, detail } = body.error ? { ...body.error, detail: body.error.message } : body;
  expect([response.status, code]).toEqual([400, 'invalid_request']);
  return detail ?? '';
}

test.each(OWN)('%s refuses a parameter that it does not know', async (route) => {
  const detail = await detailOf(await call(route, 'no_such_name=1'));
  expect(detail).toMatch(/^no_such_name: is no parameter of this request\. Leave it out/);
});

describe.each(['GET /api/documents', 'POST /api/ws-ticket', 'GET /api/jobs/:id/events'])('%s', (route) => {
  test.each(HOSTILE)('refuses %s in a few words', async (_, query) => {
    const detail = await detailOf(await call(route, query));
    expect(detail).toContain('is no parameter of this request');
    expect(detail.length).toBeLessThan(250);
  });
});

test.each([
  ['limt=5', 'limt: is no parameter of this request. Use limit, or leave it out.'],
  ['Limit=5', 'Limit: is no parameter of this request. Use limit, or leave it out.'],
  ['l%69mt=5', 'limt: is no parameter of this request. Use limit, or leave it out.'],
  ['limit=1&limit=1', 'limit: is given more than once. Give it once.'],
  ['limit=1&l%69mit=2', 'limit: is given more than once. Give it once.'],
])('?%s is refused, and the refusal names the right one', async (query, detail) => {
  for (const route of ['GET /api/documents', 'GET /api/jobs', 'GET /api/documents/:id/chunks'])
    expect(await detailOf(await call(route, query))).toBe(detail);
});

test('a refusal lists the known parameters where none is close', async () => {
  expect(await detailOf(await call('GET /api/documents', 'colour=red'))).toMatch(
    /^colour: .* Leave it out, or use one of: limit, cursor, collection/,
  );
});

test.each(IGNORING)('%s takes any parameter', async (route) => {
  const [plain, more] = [await call(route), await call(route, 'utm_source=a&utm_source=b')];
  expect([more.status, more.headers.get('sluice-ignored')]).toEqual([plain.status, null]);
});

describe.each(POLLED)('%s', (route) => {
  test.each(HOSTILE)('accepts %s, and names it', async (_, query, shown) => {
    const plain = await call(route);
    expect(plain.headers.get('sluice-ignored')).toBeNull();
    const response = await call(route, query);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(await plain.text());
    const ignored = response.headers.get('sluice-ignored')!;
    expect(ignored.split(', ')[0]).toBe(shown);
    expect(ignored.length).toBeLessThan(1200);
    const headers = { 'if-none-match': response.headers.get('etag')! };
    const unchanged = await call(route, query, { headers });
    expect([unchanged.status, unchanged.headers.get('sluice-ignored')]).toEqual([304, ignored]);
  });

  test('still checks the parameter that it knows', async () => {
    expect((await call(route, 'wait=0&_=1')).headers.get('sluice-ignored')).toBe('_');
    expect(await detailOf(await call(route, 'wait=soon&_=1'))).toMatch(/^wait: /);
    expect(await detailOf(await call(route, 'wait=0&wait=0'))).toBe(
      'wait: is given more than once. Give it once.',
    );
  });
});

test('a page of another origin may read the header', async () => {
  const response = await call('GET /api/jobs/:id', '_=1', { headers: { origin: 'https://app.example' } });
  expect(response.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('sluice-ignored');
});

test('an event stream takes its ticket, and nothing else', async () => {
  const { ticket } = (await (await call('POST /api/ws-ticket')).json()) as Ticket;
  const stream = await call('GET /api/jobs/:id/events', `ticket=${ticket}`);
  expect(stream.status).toBe(200);
  await stream.body?.cancel();
});

test.each<[string, string]>([
  ['{"query":"a","limt":5}', 'limt: is no field of this request. Use limit, or leave it out.'],
  ['{"query":"a","__proto__":{"limit":5}}', '__proto__: is no field of this request. Leave it out, or use'],
  [
    '{"query":"a","constructor":1}',
    'constructor: is no field of this request. Leave it out, or use one of: ',
  ],
  [`{"query":"a","${'n'.repeat(10_000)}":1}`, `${'n'.repeat(64)}: is no field of this request. Leave it out`],
  [
    '{"query":"a","größe":1}',
    'größe: is no field of this request. Leave it out, or use one of: collection, ',
  ],
])('a search with an unknown key is refused, case %#', async (body, start) => {
  const detail = await detailOf(await call('POST /api/search', '', { body }));
  expect(detail.slice(0, start.length)).toBe(start);
  expect(detail.length).toBeLessThan(250);
});

describe('a body', () => {
  const takesBody = (route: string) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = openApiDocument.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    return operation !== undefined && 'requestBody' in operation;
  };
  const WITHOUT = OWN.filter((route) => route.startsWith('POST') && !takesBody(route));
  const refusal = 'This request takes no body. Send it without one.';

  test.each(WITHOUT)('is refused by %s, which takes none', async (route) => {
    for (const body of ['{"force":true}', '[]', 'text', `{"a":"${'x'.repeat(100_000)}"}`])
      expect(await detailOf(await call(route, '', { body }))).toBe(refusal);
  });

  test.each(WITHOUT)('that says nothing is accepted by %s', async (route) => {
    const plain = await call(route);
    for (const body of ['{}', ' { }\n', 'null', ''])
      expect((await call(route, '', { body })).status).toBe(plain.status);
  });

  test('of a list is refused, with or without a length', async () => {
    const get = 'GET /api/documents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
    const bodies = [
      'Content-Length: 11\r\n\r\n{"limit":5}',
      'Transfer-Encoding: chunked\r\n\r\nb\r\n{"limit":5}\r\n0\r\n\r\n',
    ];
    for (const body of bodies) {
      const { status, text } = await rawRequest(api.url, get + body);
      expect(status).toBe(400);
      expect(text).toContain(refusal);
    }
    const empty = await rawRequest(api.url, `${get}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(empty.status).toBe(200);
  });

  test('that does not come is refused', async () => {
    const { port } = new URL(api.url);
    const path = '/api/jobs/some-id/cancel';
    const client = request({ port, path, method: 'POST', headers: { 'content-length': 2 } });
    client.on('error', () => {});
    client.flushHeaders();
    const status = await new Promise((resolve) =>
      client.on('response', (response) => resolve(response.statusCode)),
    );
    client.destroy();
    expect(status).toBe(400);
  });
});
