import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ChunkRequest, Segment } from '../../src/contract/processor.ts';
import { cutChunks } from '../../src/processor/chunkers/chunks.ts';
import { corpusPath } from '../helpers/corpus.ts';

const cut = (request: Partial<ChunkRequest> & { text: string }) => [
  ...cutChunks({ strategy: 'sentence', chunk_size: 512, chunk_overlap: 50, segments: [], ...request }),
];
const texts = (request: Parameters<typeof cut>[0]) => cut(request).map(({ text }) => text);

/** Text with everything that makes cutting hard: pairs, CJK, odd blanks, markup, abbreviations, long words. */
const hardText = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.lorem({ maxCount: 12, mode: 'sentences' }) },
      fc.lorem({ maxCount: 20, mode: 'words' }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        '\n',
        '\n\n',
        ' ',
        '\t',
        '\u3000',
        '   \n \n',
        '# Heading\n',
        '- item\n',
        '| a | b |\n',
      ),
      fc.constantFrom(
        'Dr. Who met J. K. Rowling. ',
        '😀'.repeat(30),
        '今日は晴れ。明日は雨。',
        '\ud83d',
        '\udc4d',
      ),
      fc.integer({ min: 1, max: 200 }).map((length) => 'x'.repeat(length)),
      fc.integer({ min: 1, max: 200 }).map((length) => ' '.repeat(length)),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const sizes = fc
  .integer({ min: 2, max: 120 })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: Math.floor(size / 2) })));

/** Segments that cover the text from its start, each on the next page. */
const segmentsOf = (text: string, cuts: number[]): Segment[] => {
  const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, index) => ({
    start: ends[index - 1] ?? 0,
    end,
    page: index + 1,
    heading: `H${index}`,
  }));
};

describe.each(['sentence', 'fixed'] as const)('the %s chunker', (strategy) => {
  const property = (check: (chunks: ReturnType<typeof cut>, request: ChunkRequest) => void) =>
    fc.assert(
      fc.property(hardText, sizes, fc.array(fc.nat(), { maxLength: 5 }), (text, [size, overlap], cuts) => {
        const segments = segmentsOf(text, cuts);
        const request = { text, strategy, chunk_size: size, chunk_overlap: overlap, segments };
        check(cut(request), request);
      }),
      { numRuns: 500 },
    );

  it('cuts slices of the text, none too long and none with blanks at its ends', () => {
    property((chunks, { text, chunk_size }) => {
      for (const chunk of chunks) {
        expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
        expect(chunk.text.length).toBeLessThanOrEqual(chunk_size);
        expect(chunk.text).not.toBe('');
        expect(chunk.text).toBe(chunk.text.trim());
      }
    });
  });

  it('covers everything that is not blank', () => {
    property((chunks, { text }) => {
      let covered = 0;
      for (const { start, end } of chunks) {
        expect(text.slice(covered, Math.max(start, covered)).trim()).toBe('');
        covered = end;
      }
      expect(text.slice(covered).trim()).toBe('');
    });
  });

  it('moves on with every chunk and repeats at most the overlap', () => {
    property((chunks, { chunk_overlap }) => {
      for (const [index, next] of chunks.slice(1).entries()) {
        const last = chunks[index]!;
        expect(next.start).toBeGreaterThan(last.start);
        expect(next.end).toBeGreaterThan(last.end);
        expect(last.end - next.start).toBeLessThanOrEqual(chunk_overlap);
      }
    });
  });

  it('never parts a surrogate pair', () => {
    property((chunks, { text }) => {
      const parted = (at: number) => /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
      for (const { start, end } of chunks) expect(parted(start) || parted(end)).toBe(false);
    });
  });

  it('labels a chunk with the page and heading of its first character', () => {
    property((chunks, { segments }) => {
      for (const { start, page, heading } of chunks) {
        const home = segments.find((segment) => segment.start <= start && start < segment.end);
        expect({ page, heading }).toEqual({ page: home?.page, heading: home?.heading });
      }
    });
  });

  it('cuts nothing from nothing', () => {
    expect(texts({ text: '', strategy })).toEqual([]);
    expect(texts({ text: ' \n\t\u3000 ', strategy })).toEqual([]);
  });
});

describe('the sentence chunker', () => {
  it('keeps sentences whole and repeats whole ones', () => {
    const text = 'The first is here. The second is there. The third is away.';
    expect(texts({ text, chunk_size: 40, chunk_overlap: 19 })).toEqual([
      'The first is here. The second is there.',
      'The third is away.',
    ]);
    expect(texts({ text, chunk_size: 40, chunk_overlap: 20 })).toEqual([
      'The first is here. The second is there.',
      'The second is there. The third is away.',
    ]);
  });

  it.each([
    'Dr. Smith met Mr. Jones at St. Petersburg in Fig. 3 and Eq. 4 of Vol. 5.',
    'The books of J. K. Rowling, e.g. Harry Potter, i.e. Seven of them.',
    'It was made in the U.S. Army by Prof. Moriarty, cf. No. 7 of the list.',
  ])('takes %j for one sentence', (sentence) => {
    // Any part of it that counted as a sentence would be packed with the first.
    const text = `First one. ${sentence} Another one.`;
    expect(texts({ text, chunk_size: sentence.length + 5, chunk_overlap: 0 })).toEqual([
      'First one.',
      sentence,
      'Another one.',
    ]);
  });

  it('reads over line ends, and stops at blank lines, headings, items and rows', () => {
    const text = 'One line\nand its next\n\n# Title\n- item\n  more of it\n- other\n| row |\nand after';
    expect(texts({ text, chunk_size: 22, chunk_overlap: 0 })).toEqual([
      'One line\nand its next',
      '# Title',
      '- item\n  more of it',
      '- other\n| row |',
      'and after',
    ]);
  });

  it('cuts sentences of scripts without spaces', () => {
    const text = '今日は天気がいいです。明日も晴れるでしょう。散歩に行きます。';
    expect(texts({ text, chunk_size: 24, chunk_overlap: 0 })).toEqual([
      '今日は天気がいいです。明日も晴れるでしょう。',
      '散歩に行きます。',
    ]);
  });

  it('cuts what is too long at line ends, then between words, then anywhere', () => {
    const lines = 'a record without a stop\nanother such record\nthe last';
    expect(texts({ text: lines, chunk_size: 36, chunk_overlap: 0 })).toEqual([
      'a record without a stop',
      'another such record\nthe last',
    ]);
    expect(texts({ text: 'word '.repeat(9), chunk_size: 32, chunk_overlap: 0 })).toEqual([
      'word word word word word word',
      'word word word',
    ]);
    expect(texts({ text: 'x'.repeat(70), chunk_size: 32, chunk_overlap: 0 }).map((t) => t.length)).toEqual([
      32, 32, 6,
    ]);
  });

  it('does not end a sentence where only the page ends', () => {
    const text = 'A first one. It runs over\n\nthe border. Next one.';
    const segments = [
      { start: 0, end: 27, page: 1 },
      { start: 27, end: text.length, page: 2 },
    ];
    expect(cut({ text, segments, chunk_size: 32, chunk_overlap: 0 })).toEqual([
      { text: 'A first one.', start: 0, end: 12, page: 1 },
      { text: 'It runs over\n\nthe border.', start: 13, end: 38, page: 1 },
      { text: 'Next one.', start: 39, end: text.length, page: 2 },
    ]);
    // Without pages the blank line is a paragraph's end.
    expect(texts({ text, chunk_size: 32, chunk_overlap: 0 })[0]).toBe('A first one. It runs over');
  });
});

describe('the fixed chunker', () => {
  it('repeats exactly the overlap', () => {
    const text = 'abcdefghij'.repeat(20);
    const chunks = cut({ text, strategy: 'fixed', chunk_size: 64, chunk_overlap: 16 });
    expect(chunks.map(({ start, end }) => [start, end])).toEqual([
      [0, 64],
      [48, 112],
      [96, 160],
      [144, 200],
    ]);
  });

  it('goes on behind a stretch of blanks that is longer than a window', () => {
    const text = `a${' '.repeat(300)}b`;
    expect(texts({ text, strategy: 'fixed', chunk_size: 64, chunk_overlap: 16 })).toEqual(['a', 'b']);
  });
});

describe('both chunkers', () => {
  const book = readFileSync(corpusPath('book-war-and-peace-1225p.txt'), 'utf8');

  it.each([
    ['a book six times over', book.repeat(6)],
    ['no blank at all', 'x'.repeat(20_000_000)],
    ['nearly nothing but blanks', `x${' '.repeat(20_000_000)}y`],
    ['a line a word', 'ab\n'.repeat(6_000_000)],
    ['nothing but list items', '- a\n\n'.repeat(4_000_000)],
    ['nothing but points', '. '.repeat(10_000_000)],
  ])(
    'take time in proportion: %s',
    (_what, text) => {
      for (const strategy of ['sentence', 'fixed'] as const) {
        const started = performance.now();
        let count = 0;
        for (const _ of cutChunks({ text, strategy, chunk_size: 512, chunk_overlap: 50, segments: [] }))
          count++;
        expect(count).toBeGreaterThan(1);
        expect(performance.now() - started).toBeLessThan(10_000);
      }
    },
    30_000,
  );
});
