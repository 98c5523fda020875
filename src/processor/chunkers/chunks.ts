import type { ChunkRequest, CutChunk, Segment } from '../../contract/processor.ts';
import { chunkFixed } from './fixed.ts';
import { chunkMarkdown } from './markdown.ts';
import type { PackedSpan } from './pack.ts';
import { chunkByPage } from './page.ts';
import { chunkRecursively } from './recursive.ts';
import { chunkBySentence } from './sentence.ts';

type Labels = Pick<Segment, 'page' | 'heading'>;

/**
 * Cuts a text into chunks, lazily, in time and memory that grow no faster than the text. Sizes and offsets
 * are UTF-16 code units. Whatever the strategy: each chunk is a slice of the text, none is longer than
 * `chunk_size`, blank, or begins or ends with blanks; together they cover everything that is not blank; their
 * starts and their ends strictly grow; two neighbours share at most `chunk_overlap`. A chunk is labelled with
 * the page and heading of its first character; what it carries as `context` is no part of it.
 */
export function* cutChunks(request: ChunkRequest): Generator<CutChunk> {
  const labelsAt = labelReader(request.segments);
  for (const span of spans(request)) {
    yield { text: request.text.slice(span.start, span.end), ...span, ...labelsAt(span.start) };
  }
}

function spans({ text, strategy, chunk_size, chunk_overlap, segments }: ChunkRequest): Generator<PackedSpan> {
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

/** Where pages begin, but the first. */
function pageStarts(segments: readonly Segment[]): number[] {
  return segments
    .filter(({ page }, index) => index > 0 && page !== segments[index - 1]?.page)
    .map(({ start }) => start);
}

/** Reads off the labels at offsets that only grow. */
function labelReader(segments: readonly Segment[]): (offset: number) => Labels {
  let index = 0;
  return (offset) => {
    for (let next; (next = segments[index]) && next.end <= offset;) index++;
    const segment = segments[index];
    if (!segment || segment.start > offset) return {};
    const { page, heading } = segment;
    return { ...(page !== undefined && { page }), ...(heading !== undefined && { heading }) };
  };
}
