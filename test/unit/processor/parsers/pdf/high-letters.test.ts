import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';

import {
  mayHaveHighLetters,
  withHighLetters,
} from '../../../../../src/processor/parsers/pdf/high-letters.ts';
import { pdf, textAt } from '../../../../helpers/documents/pdf-files.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

const HIGH = new Map([
  [0x41, '𝐀'],
  [0x42, '𠀋'],
  [0x43, '😀'],
]);
const LOW = new Map([
  [0x41, 'a'],
  [0x42, '\uff21'],
]);
const PAGE = textAt('The letter ABC is bold.', [50, 700]) + textAt('It is Ax, and no AB.', [50, 686]);

it.each([
  ['plain', undefined],
  ['packed', { filter: 'FlateDecode', bytes: (content: Buffer) => deflateSync(content) }],
])('reads letters above U+FFFF at their places, from %s streams', async (_, encode) => {
  const { text } = await parsed(pdf([PAGE], { toUnicode: HIGH, ...(encode && { encode }) }));
  expect(text.replace(/\s+/g, ' ')).toBe('The letter 𝐀𠀋😀 is bold. It is 𝐀x, and no 𝐀𠀋.');
});

it('tells documents with such letters from others', () => {
  expect(mayHaveHighLetters(pdf([PAGE], { toUnicode: HIGH }))).toBe(true);
  expect(mayHaveHighLetters(pdf([PAGE], { toUnicode: LOW }))).toBe(false);
  expect(mayHaveHighLetters(pdf([PAGE]))).toBe(false);
});

it.each([
  ['a b', ['a 𝐀 b'], 'a 𝐀 b'],
  ['a b', ['𝐀 a b'], '𝐀 a b'],
  ['a b\n\nc', ['a b𝐀', 'c'], 'a b𝐀\n\nc'],
  ['a b\n\nc', ['a b', '😀', 'c'], 'a b\n😀\n\nc'],
  ['a b', ['x𝐀'], 'a b'],
  ['', ['𝐀'], '\n𝐀'],
  ['# a\n\n| b | c |', ['a', 'b 𝐀 c 𠀋'], '# a\n\n| b 𝐀 | c 𠀋 |'],
])('puts them into %j from %j', (markdown, lines, expected) => {
  expect(withHighLetters(markdown, lines)).toBe(expected);
});
