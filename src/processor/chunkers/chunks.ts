import type { ChunkRequest, CutChunk, Segment } from '../../contract/services/processor.ts';
import { chunkFixed } from './fixed.ts';
import { chunkMarkdown } from './markdown.ts';
import { chunkByPage } from './page.ts';
import { chunkRecursively } from './recursive.ts';
import { chunkBySentence } from './sentence.ts';
import type { Span } from './spans/span.ts';
import { headerReader } from './table-headers.ts';

type Labels = Pick<Segment, 'page' | 'heading' | 'context' | 'ocr'>;

/**
 * Cuts a text into chunks, lazily, in time and memory linear in the text. Sizes and offsets are UTF-16 code units. For
 * every strategy:
 * - Each chunk is a slice of the text, of at most `chunk_size`, without blanks at its ends. None is blank.
 * - Together they hold everything that is not blank. Their starts and their ends strictly grow.
 * - Two neighbours share at most `chunk_overlap`.
 * - A chunk has the page, heading and context of its first character. Its `context` is no part of its text. A
 *   chunk that begins within a table of Markdown has the header row as `context`.
 * - A chunk is marked `ocr` if any of its text is.
 */
export function* cutChunks(request: ChunkRequest): Generator<CutChunk> {
  const { text, segments } = request;
  const labelsAt = labelReader(segments);
  const headerAt = headerReader(text, pageStarts(segments));
  for (const span of spans(request)) {
    const labels = labelsAt(span);
    const context = labels.context ?? headerAt(span.start);
    yield {
      text: text.slice(span.start, span.end),
      ...span,
      ...labels,
      ...(context !== undefined && { context }),
    };
  }
}

function spans({ text, strategy, chunk_size, chunk_overlap, segments }: ChunkRequest): Generator<Span> {
  switch (strategy) {
    case 'sentence':
      return chunkBySentence(text, chunk_size, chunk_overlap, pageStarts(segments));
    case 'recursive':
      return chunkRecursively(text, chunk_size, chunk_overlap);
    case 'markdown':
      return chunkMarkdown(text, chunk_size, chunk_overlap, pageStarts(segments), segments);
    case 'page':
      return chunkByPage(text, chunk_size, chunk_overlap, pageStarts(segments));
    case 'fixed':
      return chunkFixed(text, chunk_size, chunk_overlap);
  }
}

/** Lists the starts of all pages but the first. */
function pageStarts(segments: readonly Segment[]): number[] {
  return segments
    .filter(({ page }, index) => index > 0 && page !== segments[index - 1]?.page)
    .map(({ start }) => start);
}

/** Returns a function that reads the labels of a span. The starts of its spans must grow. */
function labelReader(segments: readonly Segment[]): (span: Span) => Labels {
  let index = 0;
  return ({ start, end }) => {
    for (let next; (next = segments[index]) && next.end <= start;) index++;
    const segment = segments[index];
    const first = segment && segment.start <= start ? segment : undefined;
    let isOcr = false;
    for (let at = index; !isOcr && (segments[at]?.start ?? end) < end; at++)
      isOcr = segments[at]?.ocr === true;
    return {
      ...(first?.page !== undefined && { page: first.page }),
      ...(first?.heading !== undefined && { heading: first.heading }),
      ...(first?.context !== undefined && { context: first.context }),
      ...(isOcr && { ocr: true }),
    };
  };
}
