import type { Segment } from '../../contract/processor.ts';
import { blocks, type Heading } from './blocks.ts';
import { blockUnits } from './block-units.ts';
import { pack, type Apart, type PackedSpan } from './pack.ts';
import { joinRuns, leadIn } from './unit.ts';

/** Share of a chunk. A shorter chunk is too small, so a title joins the text below it. */
const TINY_SHARE = 1 / 8;

/**
 * Packs sections into chunks of at most `size` characters, and their paragraphs, lists, tables and code where
 * a section is too long. A chunk goes on into sections below the one that it is of, but not into others,
 * unless it would be tiny. Nothing is repeated from one section to the next.
 * @param segments headings that are not marked as such in the text are known from these
 */
export function chunkMarkdown(
  text: string,
  size: number,
  overlap: number,
  pageStarts: readonly number[],
  segments: readonly Segment[],
): Generator<PackedSpan> {
  const found = blocks(text, { pageStarts, sections: sectionsOf(segments) });
  const units = leadIn(blockUnits(text, found, size), size);
  const sections = joinRuns(units, size, (_, next) => !next.headings);
  return pack(sections, size, overlap, sectionRule(size));
}

/** Where the headings of segments change, with the depth that their paths have then. */
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
    // The chunk is of the section that is in force where it ceases to be tiny.
    const own = passed.findLast(({ start }) => start < from + tiny)?.level ?? Infinity;
    // The blanks before a heading do not make it less tiny.
    const blanks = next.start - (open?.end ?? next.start);
    passed.push(...next.headings.map(({ start, level }) => ({ start: start - blanks, level })));
    if (!open) return false;
    const fits = next.end - from <= size;
    if (open.end - from < tiny) return !fits && next.end - next.start <= size;
    return !fits || next.headings.some(({ level }) => level <= own);
  };
}
