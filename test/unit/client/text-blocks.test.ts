import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { blocksOf } from '../../../client/document/text/text-blocks.ts';
import { CHUNKING_STRATEGIES } from '../../../src/contract/upload.ts';
import type { Chunk } from '../../../src/contract/documents.ts';
import { cutChunks } from '../../../src/processor/chunkers/chunks.ts';
import { wordsOf } from '../../helpers/documents/words.ts';

/** Makes the chunks of a text, as the server lists them. */
function chunksOf(text: string, parts: Partial<Parameters<typeof cutChunks>[0]> = {}): Chunk[] {
  const request = { text, segments: [], strategy: 'sentence', chunk_size: 64, chunk_overlap: 20, ...parts };
  return [...cutChunks(request as Parameters<typeof cutChunks>[0])].map((chunk, i) => ({
    ...chunk,
    id: String(i),
    chunk_index: i,
  }));
}
const textOf = (chunks: readonly Chunk[]) =>
  blocksOf(chunks)
    .map(({ text }) => text)
    .join('\n');

const words = fc.array(
  fc.constantFrom('pear', 'tide', 'a', 'Narrows.', '1868', '# Head', '- item', 'x'.repeat(40)),
  {
    minLength: 1,
    maxLength: 120,
  },
);
const blanks = fc.constantFrom(' ', '\n', '\n\n', '  ', '\n \n\n');

describe('the text of chunks', () => {
  test('has each word once and in its order, whatever the strategy and the overlap', () => {
    fc.assert(
      fc.property(
        words,
        fc.array(blanks, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...CHUNKING_STRATEGIES),
        fc.integer({ min: 0, max: 32 }),
        (words, blanks, strategy, chunk_overlap) => {
          const text = words.map((word, i) => word + blanks[i % blanks.length]!).join('');
          expect(wordsOf(textOf(chunksOf(text, { strategy, chunk_overlap })))).toEqual(wordsOf(text));
        },
      ),
    );
  });

  test('keeps the offsets of each block', () => {
    const text = '# Tides\n## Of 1868\nThe pear is green.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nThe end.';
    const blocks = blocksOf(chunksOf(text, { chunk_size: 32, chunk_overlap: 10 }));
    for (const { start, text: part } of blocks)
      expect(text.slice(start, start + part.length).replaceAll(/\s/g, ' ')).toBe(part.replaceAll(/\s/g, ' '));
    expect(blocks.map(({ kind, level }) => (level === undefined ? kind : `${kind} ${level}`))).toEqual([
      'heading 1',
      'heading 2',
      'text',
      'table',
      'text',
    ]);
  });

  test('has a mark where a page begins', () => {
    const chunk = (start: number, text: string, page: number): Chunk => ({
      id: String(start),
      chunk_index: start,
      start,
      end: start + text.length,
      text,
      page,
    });
    const blocks = blocksOf([chunk(0, 'One.', 4), chunk(5, 'Two.', 4), chunk(10, 'Three.', 5)]);
    expect(blocks.map(({ kind, page, text }) => (kind === 'page' ? page : text))).toEqual([
      4,
      'One. Two.',
      5,
      'Three.',
    ]);
  });

  test('goes on after chunks that the store has lost', () => {
    const text = Array.from({ length: 12 }, (_, i) => `Sentence number ${i} of the tide.`).join(' ');
    const chunks = chunksOf(text, { chunk_size: 40, chunk_overlap: 0 });
    const kept = chunks.filter((_, i) => i !== 3);
    expect(textOf(kept)).not.toContain('number 3');
    expect(textOf(kept)).toContain('number 4');
  });
});
