import { expect, test } from 'vitest';

import { forbiddenNames } from '../../names/forbidden-names.ts';

const found = (path: string, text: string) =>
  forbiddenNames(path, text).map(({ line, name }) => `${line} ${name}`);

test('finds every kind of identifier that holds a forbidden word, and names its line', () => {
  const text = `import { runAgain } from './x.ts';
class Patient<Verdict> { #history = 1; mended(sequence: number): void {} }
interface A { strayChunks: string }
const { sideBySide = 1 } = { HTTPHistory: 2 }, MOST_HISTORIES = a.outlast;`;
  expect(found('src/a.ts', text)).toEqual([
    '1 runAgain',
    '2 Patient',
    '2 Verdict',
    '2 history',
    '2 mended',
    '2 sequence',
    '3 strayChunks',
    '4 sideBySide',
    '4 HTTPHistory',
    '4 MOST_HISTORIES',
    '4 outlast',
  ]);
});

test('finds forbidden words in Lua and in the names of files', () => {
  const text =
    "-- history\nlocal new_history = KEYS[1] redis.call('GET', 'jobs:history')\nlocal amendment = \"bury\"";
  expect(found('src/jobs/lua/open.lua', text)).toEqual(['2 new_history']);
  expect(found('src/queue-again.ts', '')).toEqual(['1 queue-again']);
});

test('leaves out strings, comments, longer words, and properties that a library has named', () => {
  const text = "const group = config.sequence; // history\nuse({ sequence: group, amended: 'history' });";
  expect(found('test/vitest.config.ts', text)).toEqual([]);
  expect(found('src/gateway/gateway.ts', text)).toEqual(['1 sequence', '2 sequence']);
  expect(found('test/vitest.config.ts', 'const { sequence } = config;')).toEqual(['1 sequence']);
});
