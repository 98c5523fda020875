import { expect, test } from 'vitest';

import { queryTokens, tokenize } from '../../../src/tokens/tokenize.ts';

function tokensOf(text: string): string[] {
  return tokenize(text).map(({ token }) => token);
}

test('a code is a token whole and in parts, each with its place', () => {
  expect(tokenize('see ERR-4032b')).toEqual([
    { token: 'see', start: 0, end: 3 },
    { token: 'err-4032b', start: 4, end: 13 },
    { token: 'err', start: 4, end: 7 },
    { token: '4032b', start: 8, end: 13 },
  ]);
});

test('a query of stop words has no tokens', () => {
  expect(queryTokens('to be or not to be', ['english'])).toEqual([]);
});

test('an accent makes no other word', () => {
  expect(tokensOf('Zürich')).toEqual(tokensOf('zurich'));
});
