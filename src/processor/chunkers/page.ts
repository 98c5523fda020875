import { chunkBySentence } from './sentence.ts';
import { splitsPair, type Span } from './spans/span.ts';

/**
 * Makes each page, slide or sheet a chunk, however small. A page of more than `size` characters is cut like a text.
 * @param pageStarts starts of all pages but the first, in order
 */
export function* chunkByPage(
  text: string,
  size: number,
  overlap: number,
  pageStarts: readonly number[],
): Generator<Span> {
  let from = 0;
  for (const border of [...pageStarts, text.length]) {
    const to = splitsPair(text, border) ? border + 1 : border;
    for (const chunk of chunkBySentence(text.slice(from, to), size, overlap)) {
      yield { ...chunk, start: from + chunk.start, end: from + chunk.end };
    }
    from = to;
  }
}
