import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect, test } from 'vitest';

import {
  ClientMessageSchema,
  CLOSE,
  FINAL_CLOSES,
  ServerMessageSchema,
} from '../../../src/contract/messages.ts';

const text = readFileSync(new URL('../../../src/contract/PROTOCOL.md', import.meta.url), 'utf8');
const section = (heading: string) => text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const examples = (heading: string) =>
  [...section(heading).matchAll(/```json\n([\s\S]*?)\n```/g)].map(
    ([, json]) => JSON.parse(json!) as { type: string },
  );

test.each([
  [
    'Client → server',
    ClientMessageSchema,
    ['auth', 'ping', ...Array<string>(6).fill('subscribe'), 'unsubscribe'],
  ],
  [
    'Server → client',
    ServerMessageSchema,
    [
      'authorized',
      'batch',
      'conflated',
      'error',
      'gone',
      'live',
      'pong',
      'reconnect',
      'snapshot',
      'stale',
      'stats',
      'unsubscribed',
      'update',
      'welcome',
    ],
  ],
] as const)(
  'every example of "%s" fits the schemas, and no message goes without one',
  (heading, schema, types) => {
    const all = examples(heading);
    for (const example of all) expect(v.parse(schema, example)).toEqual(example);
    expect(all.map(({ type }) => type).sort()).toEqual(types);
  },
);

test('every close code is explained, and so is whether to connect again', () => {
  const rows = [...section('Close codes').matchAll(/^\| (\d+) \|.*\| (yes|no)[^|]*\|$/gm)];
  const codes = Object.values(CLOSE);
  expect(rows.map(([, code]) => Number(code))).toEqual(codes);
  expect(rows.filter(([, , again]) => again === 'no').map(([, code]) => Number(code))).toEqual(FINAL_CLOSES);
});

test('an epoch is no place for a long text, and an offset is whole', () => {
  const since = (epoch: string, offset: number) => ({
    type: 'subscribe',
    id: 1,
    channel: 'active',
    since: { epoch, offset },
  });
  expect(v.is(ClientMessageSchema, since('h', 7))).toBe(true);
  expect(v.is(ClientMessageSchema, since('x'.repeat(129), 7))).toBe(false);
  for (const offset of [-1, 0.5, Number.NaN])
    expect(v.is(ClientMessageSchema, since('h', offset))).toBe(false);
});
