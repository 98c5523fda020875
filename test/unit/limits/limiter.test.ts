import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { isList, requestWeight } from '../../../src/http/request-weight.ts';
import { LimitError } from '../../../src/limits/limit-error.ts';
import { Limiter } from '../../../src/limits/limiter.ts';
import { WIDE_LIMITS } from '../../helpers/faults/limits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a call is refused with: the headers of its response. */
function refusal(call: () => unknown): Record<string, string> | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof LimitError) return error.headers;
    throw error;
  }
}

test('a client that sent its burst is told when to come again; others are served', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, requestsPerSecond: 5 });
  for (let sent = 0; sent < 10; sent++) limiter.request('a');
  expect(refusal(() => limiter.request('a'))).toEqual({
    'retry-after': '1',
    'ratelimit-policy': '"requests";q=10;w=2',
    ratelimit: '"requests";r=0;t=1',
  });
  expect(refusal(() => limiter.request('b'))).toBeUndefined();
  vi.advanceTimersByTime(1000);
  for (let sent = 0; sent < 5; sent++) limiter.request('a');
  expect(refusal(() => limiter.request('a'))).toBeDefined();
});

test('a costly request counts as many', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, requestsPerSecond: 20 });
  const weigh = (request: string) => requestWeight(...(request.split(' ') as [string, string]));
  for (let sent = 0; sent < 2; sent++) limiter.request('a', weigh('GET /api/jobs'));
  expect(refusal(() => limiter.request('a', weigh('GET /api/jobs/x')))).toBeDefined();
  const lists = ['/api/jobs', '/api/documents', '/api/documents/x/chunks', '/api/collections', '/api/stats'];
  const bulk = ['POST /api/jobs/retry', 'POST /api/jobs/cancel', 'POST /api/documents/delete'];
  const heavy = [...lists.map((path) => `GET ${path}`), ...bulk, 'DELETE /api/collections/x'];
  for (const request of heavy) {
    const [method, path] = request.split(' ') as [string, string];
    const other = method === 'GET' ? 'POST' : 'GET';
    expect([request, weigh(request), isList(method, path), isList(other, path)]).toEqual([
      request,
      20,
      true,
      false,
    ]);
  }
  for (const path of ['/api/search', '/v1/embeddings']) expect(weigh(`POST ${path}`)).toBe(16);
  const light = ['GET /api/jobs/x', 'GET /api/collections/x', 'POST /api/documents/upload', 'GET /'];
  expect(light.map(weigh)).toEqual([1, 1, 1, 1]);
});

test('a client reads two lists at once; the others wait for their turn', async () => {
  const limiter = new Limiter(WIDE_LIMITS);
  const leaves = await Promise.all(Array.from({ length: 2 }, () => limiter.list('a')));
  const begun: number[] = [];
  const later = [1, 2].map(async (number) => {
    const leave = await limiter.list('a');
    begun.push(number);
    return leave;
  });
  (await limiter.list('b'))();
  expect(begun).toEqual([]);
  leaves[0]?.();
  (await later[0])?.();
  (await later[1])?.();
  expect(begun).toEqual([1, 2]);
  for (const leave of leaves.slice(1)) leave();
  for (const leave of await Promise.all(Array.from({ length: 2 }, () => limiter.list('a')))) leave();
});

test('a client that uploaded more bytes than it may waits until they are refilled', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, bytesPerMinute: 600 });
  const body = limiter.body('a');
  body.arrived(900);
  expect(refusal(() => limiter.body('a'))).toMatchObject({
    'retry-after': '31',
    'ratelimit-policy': '"bytes";q=600;w=60',
  });
  expect(refusal(() => limiter.body('b'))).toBeUndefined();
  vi.advanceTimersByTime(31_000);
  expect(refusal(() => limiter.body('a'))).toBeUndefined();
});

test('a client has its open bodies, and the place of one that ended', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, openBodies: 2 });
  const first = limiter.body('a');
  limiter.body('a');
  expect(refusal(() => limiter.body('a'))).toMatchObject({ 'ratelimit-policy': '"bodies";q=2' });
  first.end();
  expect(refusal(() => limiter.body('a'))).toBeUndefined();
});

test('a socket gives its place back once, and loopback has no limit', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, sockets: 2 });
  const close = limiter.socket('address:192.0.2.1');
  limiter.socket('address:192.0.2.1');
  expect(limiter.socket('address:192.0.2.1')).toBeUndefined();
  expect(refusal(() => limiter.stream('address:192.0.2.1'))).toMatchObject({
    'ratelimit-policy': '"sockets";q=2',
  });
  close?.();
  close?.();
  expect(limiter.socket('address:192.0.2.1')).toBeDefined();
  expect(limiter.socket('address:192.0.2.1')).toBeUndefined();
  for (let open = 0; open < 5; open++) expect(limiter.socket('address:127.0.0.1')).toBeDefined();
});

test('an idle client is forgotten, but not what it has open', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, openBodies: 1, requestsPerSecond: 1 });
  limiter.body('a');
  for (let minute = 0; minute < 10; minute++) {
    vi.advanceTimersByTime(60_000);
    limiter.request('b');
  }
  expect(refusal(() => limiter.body('a'))).toBeDefined();
});

test('an idle client is not forgotten before its costly request is paid', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, requestsPerSecond: 10 });
  limiter.request('a', 8000);
  for (let minute = 0; minute < 10; minute++) {
    vi.advanceTimersByTime(60_000);
    limiter.request('b');
  }
  expect(refusal(() => limiter.request('a'))).toMatchObject({ 'retry-after': '199' });
});

test('probes have a limit of their own', () => {
  const limiter = new Limiter({ ...WIDE_LIMITS, requestsPerSecond: 5 });
  for (let sent = 0; sent < 10; sent++) limiter.request('a');
  for (let sent = 0; sent < 100; sent++) limiter.probe('a');
  expect(refusal(() => limiter.probe('a'))).toMatchObject({ 'ratelimit-policy': '"requests";q=100;w=2' });
  expect(refusal(() => limiter.probe('b'))).toBeUndefined();
});
