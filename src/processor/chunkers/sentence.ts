import { blocks } from './blocks.ts';
import { blockUnits } from './block-units.ts';
import { pack, type PackedSpan } from './pack.ts';
import { leadIn, type Unit } from './unit.ts';

/**
 * Packs whole sentences into chunks of at most `size` characters, across paragraphs. Lists, tables and fenced code
 * stay whole if they fit.
 * @param pageStarts starts of pages, in order; sentences continue across them
 */
export function chunkBySentence(
  text: string,
  size: number,
  overlap: number,
  pageStarts: readonly number[] = [],
): Generator<PackedSpan> {
  const units = blockUnits(text, blocks(text, { pageStarts }), size);
  return pack(leadIn(withoutParagraphs(units), size), size, overlap);
}

function* withoutParagraphs(units: Iterable<Unit>): Generator<Unit> {
  for (const unit of units) {
    if (unit.kind === 'paragraph' && unit.parts) yield* unit.parts();
    else yield unit;
  }
}
