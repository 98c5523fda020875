import { blocks } from './blocks.ts';
import { sentences } from './sentences.ts';
import type { Span } from './span.ts';

/**
 * Packs whole sentences into chunks of at most `size` characters. A chunk begins with the last sentences of
 * the one before, as many as fit into `overlap` and leave room for the next.
 * @param pageStarts where pages begin, in order; sentences run on over them
 */
export function* chunkBySentence(
  text: string,
  size: number,
  overlap: number,
  pageStarts: readonly number[],
): Generator<Span> {
  let packed: Span[] = [];
  for (const block of blocks(text, pageStarts)) {
    for (const sentence of sentences(text, block, size)) {
      const open = spanOf(packed);
      if (open && sentence.end - open.start > size) {
        yield open;
        const repeated = packed.findIndex(
          ({ start }) => open.end - start <= overlap && sentence.end - start <= size,
        );
        packed = repeated === -1 ? [] : packed.slice(repeated);
      }
      packed.push(sentence);
    }
  }
  const open = spanOf(packed);
  if (open) yield open;
}

function spanOf(packed: readonly Span[]): Span | undefined {
  const first = packed[0];
  const last = packed.at(-1);
  return first && last && { start: first.start, end: last.end };
}
