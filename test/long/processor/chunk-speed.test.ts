import { describe, expect, it } from 'vitest';

import { CHUNKING_STRATEGIES } from '../../../src/contract/upload.ts';
import { cut, segmentsOf } from '../../helpers/documents/chunks.ts';
import { documentBytes } from '../../documents/documents.ts';

const bytes = await documentBytes('book.txt');

/** Limit of processor time, in ms. */
const MOST_SECONDS = 20;

describe.each(CHUNKING_STRATEGIES)('the %s chunker', (strategy) => {
  const book = bytes.toString().slice(0, 1_700_000);
  const MB = 1_000_000;

  // Each takes a tenth of a second or two; in a time that grows with the square it would be minutes. What others
  // take of the machine does not count.
  it.each([
    ['a book', book],
    ['no blank at all', 'x'.repeat(MB)],
    ['no blank at all, in a script without spaces', 'สวัสดี'.repeat(MB / 6)],
    ['one character of many marks', `a${'\u0301'.repeat(MB)}`],
    ['nothing but line ends', `${'\n'.repeat(MB)}x`],
    ['nearly nothing but blanks', `x${' '.repeat(MB)}y`],
    ['sentences of a letter', 'A! '.repeat(100_000)],
    ['nothing but points', '. '.repeat(MB / 2)],
    ['a line a word', 'ab\n'.repeat(MB / 3)],
    ['a paragraph a word', 'ab\n\n'.repeat(MB / 4)],
    ['nothing but list items', '- a\n\n'.repeat(MB / 5)],
    ['a deep list', Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}- a\n`).join('')],
    ['nothing but headings', '# a\n'.repeat(MB / 4)],
    ['nothing but fences', '```js\n'.repeat(MB / 6)],
    ['one table', `| a |\n|---|\n${'| 1 |\n'.repeat(MB / 6)}`],
    ['a line of dashes', `| a |\n| ${'-'.repeat(MB)}x`],
  ])('takes time in proportion: %s', (_what, text) => {
    const segments = segmentsOf(
      text,
      Array.from({ length: 1000 }, (_, i) => i * 997),
    );
    const { user: before } = process.cpuUsage();
    expect(cut({ text, strategy, segments }).length).toBeGreaterThan(0);
    expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(MOST_SECONDS);
  });
});
