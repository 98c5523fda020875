import * as v from 'valibot';
import { expect, test } from 'vitest';

import { MAX_MESSAGE_BYTES } from '../../../src/contract/messages.ts';
import { parseMessage } from '../../../src/gateway/session/parse-message.ts';

const parse = (text: string, isBinary = false) => parseMessage(Buffer.from(text), isBinary);
const subscribe = (fields: object) => JSON.stringify({ type: 'subscribe', id: 1, ...fields });

test('a message of the protocol is taken as it is, with or without a number of its own', () => {
  for (const message of [
    { type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a'] },
    { type: 'subscribe', id: 1, channel: 'active', since: { epoch: 'e', offset: 7 } },
    { type: 'subscribe', id: 1, channel: 'jobs', collection: 'papers', status: ['failed'], recent: 5 },
    { type: 'subscribe', id: 1, channel: 'stats' },
    { type: 'subscribe', id: 1, channel: 'batch', batch: 'march', since: { epoch: 'e', offset: 1 } },
    { type: 'unsubscribe', id: 1 },
    { type: 'ping' },
    { type: 'ping', id: 7 },
    { type: 'auth', token: 'x' },
    { type: 'auth', id: 7, token: 'x' },
  ])
    expect(parse(JSON.stringify(message))).toEqual(message);
});

test.each([
  ['{"type":"dance","id":3}', 3, 'unknown_type', 'Use one of: subscribe, unsubscribe, ping, auth.'],
  ['{"type":"subscrib","id":3}', 3, 'unknown_type', 'Use "subscribe".'],
  ['{"type":"constructor"}', undefined, 'unknown_type', '"constructor" is no type'],
  [subscribe({ channel: 'dreams' }), 1, 'unknown_channel', 'Use one of: jobs, active, batch, stats.'],
  [subscribe({ channel: 'Active' }), 1, 'unknown_channel', 'Use "active".'],
  [
    '{"type":"subscribe","id":1,"channel":"active","history":"h"}',
    1,
    'unknown_field',
    '"history" is no field',
  ],
  [subscribe({ channel: 'active', jobs: ['a'] }), 1, 'unknown_field', '"jobs" is no field'],
  [subscribe({ channel: 'active', versions: { a: 1 } }), 1, 'unknown_field', '"versions" is no field'],
  [subscribe({ channel: 'active', since: { epoch: 'e' } }), 1, 'invalid_message', 'since.offset: '],
  ['{"type":"ping","__proto__":1}', undefined, 'unknown_field', '"__proto__" is no field'],
  ['{"type":"ping","toString":1}', undefined, 'unknown_field', '"toString" is no field'],
  [subscribe({ jobs: ['a'] }), 1, 'invalid_message', 'no channel'],
  [subscribe({ channel: 'jobs' }), 1, 'invalid_message', 'Add jobs, or a collection or status.'],
  [subscribe({ channel: 'jobs', recent: 5 }), 1, 'invalid_message', 'names nothing'],
  [subscribe({ channel: 'jobs', jobs: ['a'], status: ['failed'] }), 1, 'invalid_message', 'a filter'],
  [subscribe({ channel: 'jobs', status: ['asleep'] }), 1, 'invalid_message', 'status.0: must be one of'],
  [subscribe({ channel: 'jobs', status: ['failed'], recent: 1001 }), 1, 'invalid_message', 'recent: '],
  [
    subscribe({ channel: 'stats', since: { epoch: 'e', offset: 1 } }),
    1,
    'unknown_field',
    '"since" is no field',
  ],
  [subscribe({ channel: 'jobs', jobs: [] }), 1, 'invalid_message', 'jobs: '],
  [subscribe({ channel: 'jobs', jobs: ['a', 5] }), 1, 'invalid_message', 'jobs.1: '],
  [subscribe({ id: -1, channel: 'active' }), undefined, 'invalid_message', 'id: '],
  [subscribe({ id: '1', channel: 'active' }), undefined, 'invalid_message', 'id: '],
  ['{"type":"unsubscribe"}', undefined, 'invalid_message', 'id: '],
  ['{"type":5,"id":2}', 2, 'invalid_message', 'no type'],
  ['{}', undefined, 'invalid_message', 'no type'],
  ['[]', undefined, 'invalid_message', 'JSON object'],
  ['null', undefined, 'invalid_message', 'JSON object'],
  ['words', undefined, 'invalid_message', 'not valid JSON'],
  ['[['.repeat(20_000), undefined, 'invalid_message', 'not valid JSON'],
  ['', undefined, 'invalid_message', 'not valid JSON'],
])('%.60s is refused, with its number and its fault', (text, id, code, words) => {
  const detail = expect.stringContaining(words) as string;
  expect(parse(text)).toEqual({
    type: 'refused',
    error: { type: 'error', ...(id !== undefined && { id }), code, detail },
  });
});

test('a binary frame and a message above 64 KiB are refused, whatever they hold', () => {
  expect(parse('{"type":"ping"}', true)).toMatchObject({ error: { code: 'invalid_message' } });
  const long = (bytes: number) => JSON.stringify({ type: 'ping' }).padEnd(bytes, ' ');
  expect(parse(long(MAX_MESSAGE_BYTES))).toEqual({ type: 'ping' });
  expect(parse(long(MAX_MESSAGE_BYTES + 1))).toMatchObject({ error: { code: 'message_too_large' } });
});

test('a refusal repeats little of what the client sent', () => {
  const long = 'x'.repeat(60_000);
  for (const text of [
    JSON.stringify({ type: long }),
    subscribe({ channel: long }),
    subscribe({ channel: 'active', [long]: 1 }),
    subscribe({ channel: 'active', since: { [long]: 'x' } }),
    JSON.stringify({ type: 'ping', id: long }),
  ])
    expect(JSON.stringify(parse(text)).length).toBeLessThan(500);
});

test('a message with many faults is read to its first one', () => {
  let faults = 0;
  v.setGlobalMessage(({ kind }) => `${kind} ${++faults}`);
  const message = subscribe({ channel: 'jobs', jobs: Array(30_000).fill(0) });
  try {
    expect(parse(message)).toMatchObject({ error: { code: 'invalid_message' } });
  } finally {
    v.deleteGlobalMessage();
  }
  expect(faults).toBeGreaterThan(0);
  expect(faults).toBeLessThan(100);
});
