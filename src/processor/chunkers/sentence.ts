import { blocks } from './blocks.ts';
import { blockUnits } from './block-units.ts';
import { pack, type Apart } from './pack.ts';
import { leadIn, type Unit } from './unit.ts';
import type { Span } from './spans/span.ts';

/** Share of a chunk's size. A chunk that is as long ends before a heading, so that fewer chunks hold two subjects. */
const ENOUGH_SHARE = 1 / 2;

/**
 * Packs whole sentences into chunks of at most `size` characters, across paragraphs. A chunk ends before a heading once it is
 * half full. Lists, tables and fenced code stay whole if they fit, and so does the whole text.
 * @param pageStarts starts of pages, in order; sentences continue across them
 */
export function chunkBySentence(
  text: string,
  size: number,
  overlap: number,
  pageStarts: readonly number[] = [],
): Generator<Span> {
  const units = blockUnits(text, blocks(text, { pageStarts }), size);
  const isLong = text.trim().length > size;
  let isAfterHeading = false;
  const apart: Apart = (open, { headings, kind }) => {
    const isEnough = open !== undefined && open.end - open.start >= size * ENOUGH_SHARE;
    const ends = isLong && headings !== undefined && isEnough && !isAfterHeading;
    isAfterHeading = kind === 'heading';
    return ends;
  };
  return pack(leadIn(withoutParagraphs(units), size), size, overlap, apart);
}

function* withoutParagraphs(units: Iterable<Unit>): Generator<Unit> {
  for (const unit of units) {
    if (unit.kind === 'paragraph' && unit.parts) yield* unit.parts();
    else yield unit;
  }
}
