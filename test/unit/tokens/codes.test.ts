import { expect, test } from 'vitest';

import { queryTokens, tokenize } from '../../../src/tokens/tokenize.ts';
import { found, tokensOf } from './helpers.ts';

test('a code is a token whole and in parts, each with its place', () => {
  expect(tokenize('see ERR-4032b')).toEqual([
    { token: 'see', start: 0, end: 3 },
    { token: 'err4032b', start: 4, end: 13 },
    { token: 'err', start: 4, end: 7 },
    { token: '4032b', start: 8, end: 13 },
  ]);
});

test.each([
  ['snake_case', ['snakecas', 'snake', 'case']],
  ['foo.bar.baz', ['foobarbaz', 'foo', 'bar', 'baz']],
  ['VectorStore', ['vectorstor', 'vector', 'store']],
  ['parseHTTPHeader', ['parsehttphead', 'pars', 'http', 'header']],
  ['v1.0.5', ['v1.0.5', '1.0.5', 'v1']],
  ['lib-3.2.1.jar', ['lib3.2.1jar', '3.2.1', 'lib', 'jar']],
  ['2024-05-01T10:00Z', ['2024-05-01t10:00z', '2024-05-01t10', '2024-05-01', '2024', '05', '01t10', '00z']],
  ['python3.11.4', ['python3.11.4', 'python3', 'python', '11']],
  ["1'234.56", ['1234.56', '234', '56']],
  ['1\u00a0234.56', ['1234.56', '234', '56']],
  ['ISO9001', ['iso9001', 'iso', '9001']],
  ['10kg', ['10kg', '10', 'kg']],
  ['20th', ['20th']],
  ['1.000', ['1.000', '1000', '000']],
  ['978-3-16-148410-0', ['978-3-16-148410-0', '9783161484100', '978', '16', '148410']],
  ['1.0.5', ['1.0.5']],
  ['192.168.0.1', ['192.168.0.1', '192', '168']],
  ['src/tokens/words.ts', ['src/tokens/wordsts', 'wordst', 'src', 'token', 'word', 'ts']],
  ['C:\\Temp\\log.txt', ['c:\\temp\\logtxt', 'logtxt', 'temp', 'log', 'txt']],
  ['jane.doe@example.com', ['janedoe@examplecom', 'janedoe', 'examplecom', 'jane', 'doe', 'exampl', 'com']],
  ['https://a.io/docs?page=12', ['https://aio/docs?page=12', 'aio', 'http', 'io', 'doc', 'page', '12']],
  ['std::vector', ['std::vector', 'std', 'vector']],
  ['C++', ['c++']],
  ['C#', ['c#']],
  ['.NET', ['.net', 'net']],
  ['§ 12', ['§12', '12']],
  ['§12', ['§12', '12']],
  ['1,000', ['1000', '000']],
  ['１，０００', ['1000', '000']],
  ['12,345,678.50', ['12345678.50', '12', '345', '678', '50']],
  ['e-mail', ['email', 'mail']],
  ['U.S.A.', ['usa']],
  ['vector-stores', ['vectorstor', 'vector', 'store']],
  ['ERR\u20114032b', ['err4032b', 'err', '4032b']],
  ["company's", ['compani']],
  ['O’Brien', ['brien']],
  ["don't", []],
  ['C.A, B', ['ca', 'b']],
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
  ['ERR-4032b', 'err4032b'],
  ['OW17b', 'OW-17b'],
  ['SHA256', 'SHA-256'],
  ['ISO9001', 'ISO 9001'],
  ['ISO 9001', 'ISO9001'],
  ['Wi-Fi', 'wifi'],
  ['Node.js', 'nodejs'],
  ['snake_case', 'snakeCase'],
  ['version 3.2.1', 'v3.2.1'],
  ['foo 3.2.1-beta.2', '3.2.1'],
  ['at 2024-05-01T10:00:00Z', '2024-05-01'],
  ['C++17', 'C++'],
  ["1'000 Franken", '1000'],
  ['1\u202f000', '1000'],
  ['1.000', '1000'],
  ['9783161484100', '978-3-16-148410-0'],
])('%s is found by %s', (text, query) => {
  expect(found(text, query)).not.toEqual([]);
});

test.each([
  ['C', 'C++'],
  ['version 1.0.7', '1.0.5'],
  ['192.168.0.1', '192.168.7.9'],
  ['1,500', '1,000'],
  ['pages 12-15', '1215'],
  ['2024', '20-24'],
  ["1'500", "1'000"],
])('%s is not found by the code %s', (text, query) => {
  expect(found(text, query)).toEqual([]);
});

test('a query has a code whole and in parts', () => {
  expect(queryTokens('ERR-4032b', ['english'])).toEqual(['err4032b', 'err', '4032b']);
});

test('the end of a sentence belongs to no code', () => {
  expect(tokensOf('Restart Redis. (Then wait...) "Done"')).toEqual(['restart', 'redi', 'wait', 'done']);
});
