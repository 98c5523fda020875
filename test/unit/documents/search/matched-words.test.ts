import { expect, test } from 'vitest';

import { matchesOf } from '../../../../src/documents/search/matched-words.ts';

const marked = (query: string, text: string) =>
  matchesOf(query)(text).map(({ start, end }) => text.slice(start, end));

test('words are marked in their own form, once each time they occur', () => {
  expect(marked('lighthouse lamps', 'The lamp of the Lighthouse: two LAMPS.')).toEqual([
    'lamp',
    'Lighthouse',
    'LAMPS',
  ]);
});

test('a code is marked whole', () => {
  expect(marked('ERR-4032b', 'It failed with ERR-4032b twice.')).toEqual(['ERR-4032b']);
});

test('a part of a code is marked alone', () => {
  expect(marked('4032b', 'It failed with ERR-4032b twice.')).toEqual(['4032b']);
});

test('stop words and a query without words mark nothing', () => {
  expect(marked('what is the', 'This is the text of the book.')).toEqual([]);
  expect(marked('…', 'Any text…')).toEqual([]);
});

test('words in a script without blanks are marked', () => {
  expect(marked('灯塔', '老灯塔在岛上。').join('')).toBe('灯塔');
});
