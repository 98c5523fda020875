import type { Segment } from '../../contract/services/processor.ts';
import { blocks, type Heading } from './blocks.ts';
import { blockUnits } from './block-units.ts';
import { pack, type Apart } from './pack.ts';
import { joinRuns, leadIn } from './unit.ts';
import type { Span } from './spans/span.ts';

/** Share of a chunk's size. A shorter chunk is too small, so a title joins the text below it. */
const TINY_SHARE = 1 / 8;

/**
 * Packs sections into chunks of at most `size` characters. It splits a longer section into paragraphs, lists, tables
 * and code. A chunk continues into the subsections of its section. It continues into other sections only if it would
 * be tiny otherwise. Chunks of different sections do not overlap.
 * @param segments tell headings that the text does not mark
 */
export function chunkMarkdown(
  text: string,
  size: number,
  overlap: number,
  pageStarts: readonly number[],
  segments: readonly Segment[],
): Generator<Span> {
  const found = blocks(text, { pageStarts, sections: sectionsOf(segments) });
  const units = leadIn(blockUnits(text, found, size), size);
  const sections = joinRuns(units, size, (_, next) => !next.headings);
  return pack(sections, size, overlap, sectionRule(size));
}

/** Lists the places where the heading of segments changes, with the depth of the new path. */
function sectionsOf(segments: readonly Segment[]): Heading[] {
  return segments.flatMap(({ start, heading }, index) =>
    heading === undefined || heading === segments[index - 1]?.heading
      ? []
      : [{ start, level: heading.split(' > ').length }],
  );
}

function sectionRule(size: number): Apart {
  const tiny = size * TINY_SHARE;
  const passed: Heading[] = [];
  return (open, next) => {
    if (!next.headings) return false;
    const from = open?.start ?? next.start;
    // A chunk belongs to the section at the place where it stops being tiny.
    const own = passed.findLast(({ start }) => start < from + tiny)?.level ?? Infinity;
    // The blanks before a heading do not count.
    const blanks = next.start - (open?.end ?? next.start);
    passed.push(...next.headings.map(({ start, level }) => ({ start: start - blanks, level })));
    if (!open) return false;
    const fits = next.end - from <= size;
    if (open.end - from < tiny) return !fits && next.end - next.start <= size;
    return !fits || next.headings.some(({ level }) => level <= own);
  };
}
