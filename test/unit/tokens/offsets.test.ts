import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { languageOf, queryTokens, tokenize } from '../../../src/tokens/tokenize.ts';

/** Strings of what words and codes are made of, in several scripts, with much that is no word. */
const PIECES = [
  'the ',
  'IT',
  'Running',
  'Zürich',
  'ﬁle',
  'x\u0301\u0302',
  '\u00ad',
  '\u200d',
  '\u200c',
  '\u200b',
  '\ud83d',
  '\udc00',
  '🚀',
  '👩‍💻',
  '🇨🇭',
  'ß',
  'İ',
  'ΣΑΣ',
  'ё',
  'п’ять',
  'الكتـاب',
  'ﷺ',
  'לֶ',
  'किताबें',
  '東京',
  'ー',
  'ｶﾞ',
  '각',
  '\u1100\u1161',
  'สวัส',
  'ខ្មែ',
  '-',
  '_',
  '.',
  '/',
  '\\',
  ':',
  '://',
  '@',
  "'",
  '’',
  '"',
  '+',
  '++',
  '#',
  '&',
  ',',
  '§ ',
  '\0',
  '\n',
  ' ',
  '½',
  '①',
  '１',
  '٢',
  '1',
  '1,000',
  'aB',
];
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((pieces) => pieces.join('')),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes)),
);
const RUNS = { numRuns: 3000 };

test('each token has a place in the text, in the order of the words', () => {
  fc.assert(
    fc.property(text, (text) => {
      let start = 0;
      let end = 0;
      for (const token of tokenize(text)) {
        expect(token.start).toBeLessThan(token.end);
        expect(token.end).toBeLessThanOrEqual(text.length);
        // Tokens of one word overlap.
        expect(token.start >= start || token.end > start).toBe(true);
        if (token.start >= end) start = token.start;
        end = Math.max(end, token.end);
      }
    }),
    RUNS,
  );
});

test('no token has a space, a double quote or a control character', () => {
  fc.assert(
    fc.property(text, (text) => {
      for (const { token } of tokenize(text)) expect(token).toMatch(/^[^\s"\p{C}]+$/u);
    }),
    RUNS,
  );
});

test('what a token covers is found when it is asked for alone', () => {
  fc.assert(
    fc.property(text, (text) => {
      const language = languageOf(text);
      const tokens = tokenize(text);
      const all = new Set(tokens.map(({ token }) => token));
      for (const { start, end } of tokens) {
        const asked = queryTokens(text.slice(start, end), [language]);
        expect(asked.some((token) => all.has(token))).toBe(true);
      }
    }),
    RUNS,
  );
});

test('invisible characters and ligatures leave the offsets those of the text', () => {
  expect(tokenize('co\u00adope\u200drate ﬁles', 'english')).toEqual([
    { token: 'cooper', start: 0, end: 11 },
    { token: 'file', start: 12, end: 16 },
  ]);
});

/** Squares of it would take hours. */
const LENGTH = 1_000_000;

test.each([
  ['letters', 'a'],
  ['letters of a code', 'a-'],
  ['parts of a path', 'ab/'],
  ['marks', 'e\u0301\u0302\u0303'],
  ['capitals', 'aB'],
  ['Han letters', '漢'],
  ['emoji', '🚀'],
  ['joiners', '-._/'],
  ['soft hyphens', 'a\u00ad\u00ad'],
])('a line of a million %s has bounded tokens', (_what, unit) => {
  const line = unit.repeat(LENGTH / unit.length);
  let longest = 0;
  let count = 0;
  for (const { token } of tokenize(line)) {
    longest = Math.max(longest, token.length);
    count++;
  }
  expect(longest).toBeLessThanOrEqual(200);
  expect(count).toBeLessThanOrEqual(2 * line.length);
});
