import { expect, test } from 'vitest';

import { queryTokens, tokenize } from '../../../src/tokens/tokenize.ts';
import { found, tokensOf } from './helpers.ts';

test('a code is a token whole and in parts, each with its place', () => {
  expect(tokenize('see ERR-4032b')).toEqual([
    { token: 'see', start: 0, end: 3 },
    { token: 'err-4032b', start: 4, end: 13 },
    { token: 'err', start: 4, end: 7 },
    { token: '4032b', start: 8, end: 13 },
  ]);
});

test.each([
  ['snake_case', ['snake_case', 'snake', 'case']],
  ['foo.bar.baz', ['foo.bar.baz', 'foo', 'bar', 'baz']],
  ['VectorStore', ['vectorstor', 'vector', 'store']],
  ['parseHTTPHeader', ['parsehttphead', 'pars', 'http', 'header']],
  ['v1.0.5', ['v1.0.5', 'v1']],
  ['1.0.5', ['1.0.5']],
  ['192.168.0.1', ['192.168.0.1', '192', '168']],
  ['src/tokens/words.ts', ['src/tokens/words.ts', 'words.ts', 'src', 'token', 'word', 'ts']],
  ['C:\\Temp\\log.txt', ['c:\\temp\\log.txt', 'log.txt', 'temp', 'log', 'txt']],
  [
    'jane.doe@example.com',
    ['jane.doe@example.com', 'jane.doe', 'example.com', 'jane', 'doe', 'exampl', 'com'],
  ],
  ['https://a.io/docs?page=12', ['https://a.io/docs?page=12', 'a.io', 'http', 'io', 'doc', 'page', '12']],
  ['std::vector', ['std::vector', 'std', 'vector']],
  ['C++', ['c++']],
  ['C#', ['c#']],
  ['.NET', ['.net', 'net']],
  ['§ 12', ['§12', '12']],
  ['§12', ['§12', '12']],
  ['1,000', ['1000', '000']],
  ['１，０００', ['1000', '000']],
  ['12,345,678.50', ['12345678.50', '12', '345', '678', '50']],
  ['e-mail', ['e-mail', 'email', 'mail']],
  ['U.S.A.', ['u.s.a', 'usa']],
  ['vector-stores', ['vector-stores', 'vector', 'store']],
  ['ERR\u20114032b', ['err-4032b', 'err', '4032b']],
  ["company's", ['compani']],
  ['O’Brien', ['brien']],
  ["don't", []],
  ['C.A, B', ['c.a', 'ca', 'b']],
])('%s has its tokens', (word, tokens) => {
  expect(tokensOf(word)).toEqual(tokens);
});

test.each([
  ['ERR-4032b', 'err-4032b'],
  ['VectorStore', 'vectorstore'],
  ['VectorStore', 'store'],
  ['snake_case', 'SNAKE_CASE'],
  ['e-mails', 'email'],
  ['1,000', '1000'],
  ['§ 12', '§12'],
  ['released 2024-05-01', '2024'],
  ['words.ts in src/tokens/words.ts', 'words.ts'],
])('%s is found by %s', (text, query) => {
  expect(found(text, query)).not.toEqual([]);
});

test.each([
  ['C', 'C++'],
  ['version 1.0.7', '1.0.5'],
  ['192.168.0.1', '192.168.7.9'],
  ['1,500', '1,000'],
])('%s is not found by the code %s', (text, query) => {
  expect(found(text, query)).toEqual([]);
});

test('a query has a code whole and in parts', () => {
  expect(queryTokens('ERR-4032b', ['english'])).toEqual(['err-4032b', 'err', '4032b']);
});

test('the end of a sentence belongs to no code', () => {
  expect(tokensOf('Restart Redis. (Then wait...) "Done"')).toEqual(['restart', 'redi', 'wait', 'done']);
});
