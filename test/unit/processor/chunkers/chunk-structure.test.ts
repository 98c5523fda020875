import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CHUNKING_STRATEGIES } from '../../../../src/contract/upload.ts';
import { cut } from '../../../helpers/documents/chunks.ts';

describe.each(['sentence', 'markdown', 'page'] as const)('the %s chunker', (strategy) => {
  it('tears no list, table or code that fits', () => {
    const whole = fc.oneof(
      fc
        .array(fc.constantFrom('a. B c', '', 'x'), { maxLength: 6 })
        .map((code) => `\`\`\`\n${code.join('\n')}\n\`\`\``),
      fc
        .array(fc.constantFrom('- One. Two', '- a\n  b'), { minLength: 1, maxLength: 6 })
        .map((items) => items.join('\n')),
      fc
        .array(fc.constant('| x. Y |'), { maxLength: 6 })
        .map((rows) => ['| a |', '|---|', ...rows].join('\n')),
    );
    const paragraph = fc.lorem({ maxCount: 4, mode: 'sentences' });
    const parts = fc.array(fc.tuple(paragraph, whole), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 80, max: 300 }), (parts, chunk_size) => {
        const text = parts.flat().join('\n\n');
        const chunks = cut({ text, strategy, chunk_size, chunk_overlap: 20 });
        let at = 0;
        for (const [paragraph, whole] of parts) {
          const start = at + paragraph.length + 2;
          at = start + whole.length + 2;
          expect(chunks.some((chunk) => chunk.start <= start && start + whole.length <= chunk.end)).toBe(
            true,
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the markdown chunker', () => {
  it('stays within a section and its subsections, except for tiny beginnings', () => {
    const section = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.lorem({ maxCount: 6, mode: 'sentences' }));
    const size = fc.integer({ min: 40, max: 400 });
    fc.assert(
      fc.property(fc.array(section, { maxLength: 20 }), size, (sections, chunk_size) => {
        const text = sections.map(([level, body]) => `${'#'.repeat(level)} T\n${body}\n`).join('');
        const headings = [...text.matchAll(/^#+/gm)].map(
          ({ index, 0: marks }) => [index, marks.length] as const,
        );
        for (const { start, end } of cut({ text, strategy: 'markdown', chunk_size, chunk_overlap: 20 })) {
          const tiny = (at: number) => text.slice(start, at).trim().length < chunk_size / 8;
          const [, own] = headings.findLast(([at]) => tiny(at)) as [number, number];
          const crossed = headings.filter(([at]) => !tiny(at) && at < end);
          for (const [, level] of crossed) expect(level).toBeGreaterThan(own);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it.each(CHUNKING_STRATEGIES)(
  '%s gives its header to each piece that begins within a table, and to no other',
  (strategy) => {
    const table = fc.tuple(fc.lorem({ maxCount: 8 }), fc.array(fc.lorem({ maxCount: 30 }), { maxLength: 9 }));
    const size = fc.integer({ min: 32, max: 200 });
    fc.assert(
      fc.property(fc.array(table, { maxLength: 6 }), size, (tables, chunk_size) => {
        let text = '';
        const bodies: { start: number; end: number; header: string }[] = [];
        for (const [title, rows] of tables) {
          const header = `| ${title} |`;
          const start = text.length + header.length + 7;
          text += `${header}\n|----|\n${rows.map((row) => `| ${row} |\n`).join('')}\nbetween\n\n`;
          bodies.push({ start, end: text.length - 11, header });
        }
        for (const { start, context } of cut({ text, strategy, chunk_size, chunk_overlap: 0 })) {
          expect(context).toBe(bodies.find((body) => body.start < start && start < body.end)?.header);
        }
      }),
      { numRuns: 200 },
    );
  },
);
