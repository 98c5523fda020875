import type { ParseEvent } from '../../contract/processor.ts';
import { ProcessorError } from '../errors.ts';
import { normalise } from './normalise.ts';
import { Outline } from './outline.ts';
import { readWithLiteparse, readWithPdfjs, type PageBatch } from './pdf-readers.ts';
import { PAGE_BREAK, segments, type SegmentEvent } from './segments.ts';

/**
 * Reads a PDF: a segment for each page that has text, and within it for each heading. Headings stay in force
 * over pages. A second reader tries what the first finds no text in.
 * @throws {ProcessorError} `encrypted`, `no_text_layer`, or `corrupt`
 */
export async function* parsePdf(path: string): AsyncGenerator<ParseEvent> {
  let total = 0;
  let done = 0;
  let failure: unknown;
  for (const read of [readWithLiteparse, readWithPdfjs]) {
    const outline = new Outline();
    // Held back until the next is known: only a segment with a successor ends in a page break.
    let last: SegmentEvent | undefined;
    try {
      for await (const batch of read(path)) {
        for (const segment of batchSegments(batch, outline)) {
          if (last) yield last.page === segment.page ? last : { ...last, text: last.text + PAGE_BREAK };
          last = segment;
        }
        total = Math.max(total, batch.total);
        // The second reader begins anew; what has been shown does not go back.
        done = Math.max(done, batch.done);
        yield { type: 'progress', pages_done: done, pages_total: total };
      }
    } catch (error) {
      if (isPasswordError(error)) throw new ProcessorError('encrypted');
      if (last) throw new ProcessorError('corrupt', { cause: error });
      failure = error;
    }
    if (last) {
      yield last;
      yield { type: 'end', metadata: { media_type: 'application/pdf', pages: total } };
      return;
    }
  }
  throw total > 0 ? new ProcessorError('no_text_layer') : new ProcessorError('corrupt', { cause: failure });
}

function* batchSegments(batch: PageBatch, outline: Outline): Generator<SegmentEvent> {
  for (const { number, text } of batch.pages) {
    if (hasText(text)) yield* segments(normalise(text).trim(), outline, number);
  }
}

/** The first reader puts an empty code block where a page has nothing to read. */
function hasText(markdown: string): boolean {
  return /[\p{L}\p{N}]/u.test(markdown.replace(/^```.*$/gm, ''));
}

function isPasswordError(error: unknown): boolean {
  return error instanceof Error && /password/i.test(`${error.name} ${error.message}`);
}
