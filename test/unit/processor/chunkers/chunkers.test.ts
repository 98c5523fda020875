import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ChunkRequest, CutChunk } from '../../../../src/contract/services/processor.ts';
import { CHUNK_SIZE, CHUNKING_STRATEGIES, type ChunkingStrategy } from '../../../../src/contract/upload.ts';
import { cut, segmentsOf, texts } from '../../../helpers/documents/chunks.ts';

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
        '\n## Lower\n',
        '- item\n',
        '\n| a | b |\n',
        '\n|---|---|\n',
        '\n```js\n',
      ),
      fc.constantFrom(
        'Dr. Who met J. K. Rowling. ',
        '😀'.repeat(30),
        '今日は晴れ。明日は雨。',
        'سافر أحمد. أين هو؟ ',
        'สวัสดีครับผมชื่อ'.repeat(4),
        '👨‍👩‍👧‍👦'.repeat(9),
        'e\u0301'.repeat(40),
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

const check = (strategy: ChunkingStrategy, property: (chunks: CutChunk[], request: ChunkRequest) => void) =>
  fc.assert(
    fc.property(hardText, sizes, fc.array(fc.nat(), { maxLength: 5 }), (text, [size, overlap], cuts) => {
      const segments = segmentsOf(text, cuts);
      const request = { text, strategy, chunk_size: size, chunk_overlap: overlap, segments };
      property(cut(request), request);
    }),
    { numRuns: 120 },
  );

describe.each(CHUNKING_STRATEGIES)('the %s chunker', (strategy) => {
  const property = (of: Parameters<typeof check>[1]) => check(strategy, of);

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

  it('never splits a surrogate pair', () => {
    property((chunks, { text }) => {
      const parted = (at: number) => /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
      for (const { start, end } of chunks) expect(parted(start) || parted(end)).toBe(false);
    });
  });

  it('keeps characters whole, with their marks and joiners', () => {
    const scripts = [
      'a',
      'x'.repeat(30),
      '\u0600🇩🇪',
      '。',
      'e\u0301',
      'ก็',
      'क्षत्रिय',
      'مُحَمَّد',
      '\u0600١',
      '\u1100\u1161\u11a8',
    ];
    const signs = ['👨‍👩‍👧‍👦', '🇩🇪🇫🇷', '👍🏽', '1️⃣', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'];
    const markup = [' ', '\n', '\n\n', '\n| ', ' | ', '\n|---|\n', '\n```\n', '\n# ', '\n- '];
    const characters = fc.array(fc.constantFrom(...scripts, ...signs, ...markup), {
      maxLength: 200,
      size: 'max',
    });
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    fc.assert(
      fc.property(characters, fc.integer({ min: 32, max: 90 }), (parts, chunk_size) => {
        const text = parts.join('');
        const borders = new Set([...segmenter.segment(text)].map(({ index }) => index)).add(text.length);
        const chunk_overlap = Math.floor(chunk_size / 2);
        for (const { start, end } of cut({ text, strategy, chunk_size, chunk_overlap })) {
          expect([borders.has(start), borders.has(end)]).toEqual([true, true]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('fills chunks where a word is longer than they are, marks or not', () => {
    const text = `Vitae ullamcorper.${'e\u0301'.repeat(40)}${'x'.repeat(53)}Curabitur.`;
    for (const { text: chunk, end } of cut({ text, strategy, chunk_size: 93, chunk_overlap: 0 }).slice(1)) {
      if (end < text.length) expect(chunk.length).toBeGreaterThan(90);
    }
  });

  it('keeps a text that fits whole, and cuts a text without borders', () => {
    const limits = { chunk_size: CHUNK_SIZE.max, chunk_overlap: CHUNK_SIZE.max / 2 };
    const text = 'One sentence. Another one.\n\nA paragraph.';
    expect(texts({ text, strategy, ...limits })).toEqual([text]);
    for (const sign of ['x', '界', '😀', '\u0301', '\u200d', '|']) {
      const endless = sign.repeat(3000);
      for (const chunk_size of [CHUNK_SIZE.min, CHUNK_SIZE.min + 1, CHUNK_SIZE.max]) {
        const cutUp = cut({ text: endless, strategy, chunk_size, chunk_overlap: Math.floor(chunk_size / 2) });
        expect(cutUp[0]?.start).toBe(0);
        expect(cutUp.at(-1)?.end).toBe(endless.length);
        for (const [index, chunk] of cutUp.entries()) {
          expect(chunk.text.length).toBeLessThanOrEqual(chunk_size);
          expect(chunk.text.isWellFormed()).toBe(true);
          expect(chunk.start).toBeLessThanOrEqual(cutUp[index - 1]?.end ?? 0);
        }
      }
    }
  });

  it('labels a chunk with the page and heading of its first character', () => {
    property((chunks, { segments }) => {
      for (const { start, page, heading } of chunks) {
        const home = segments.find((segment) => segment.start <= start && start < segment.end);
        expect({ page, heading }).toEqual({ page: home?.page, heading: home?.heading });
      }
    });
  });

  it('cuts no chunk from an empty text', () => {
    expect(texts({ text: '', strategy })).toEqual([]);
    expect(texts({ text: ' \n\t\u3000 ', strategy })).toEqual([]);
  });
});

const strategiesWithBorders = CHUNKING_STRATEGIES.filter((strategy) => strategy !== 'fixed');

describe.each(strategiesWithBorders)('the %s chunker', (strategy) => {
  it('repeats only from the beginning of a sentence or a line', () => {
    const ends = /[\p{Sentence_Terminal}][\p{P}\p{M}\p{Cf}\p{S}]*$/u;
    check(strategy, (chunks, { text }) => {
      for (const [index, { start }] of chunks.slice(1).entries()) {
        const last = chunks[index] as CutChunk;
        if (start >= last.end) continue;
        const before = text.slice(0, start);
        const gap = before.slice(before.trimEnd().length);
        expect(/\n/.test(gap) || ends.test(before.trimEnd())).toBe(true);
      }
    });
  });
});

describe('the page chunker', () => {
  it('never crosses a page, and makes a page that fits one chunk', () => {
    check('page', (chunks, { segments, chunk_size }) => {
      for (const { start, end } of segments) {
        const of = chunks.filter((chunk) => chunk.start >= start && chunk.start < end);
        // Half a pair belongs to the page of the other half.
        for (const chunk of of) expect(chunk.end).toBeLessThanOrEqual(end + 1);
        if (end - start < chunk_size) expect(of.length).toBeLessThanOrEqual(1);
      }
    });
  });
});
