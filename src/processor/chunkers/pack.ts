import type { Span } from './spans/span.ts';
import type { Unit } from './unit.ts';

/** Returns whether a unit must not join the open chunk. The packer calls it for every unit and every part. */
export type Apart = (open: Span | undefined, next: Unit) => boolean;

/**
 * Packs units into chunks of at most `size` characters. A unit that does not fit into the open chunk begins the next
 * one. It packs a unit that fits into no chunk part by part. A chunk begins with the last sentences, lines or rows of
 * the chunk before: as many as fit into `overlap` and leave room for the next unit.
 * @param apart keeps a unit apart from the open chunk; no overlap precedes it then
 */
export function* pack(
  units: Iterable<Unit>,
  size: number,
  overlap: number,
  apart: Apart = () => false,
): Generator<Span> {
  let packed: Unit[] = [];

  function* add(unit: Unit): Generator<Span> {
    let open = chunkOf(packed);
    if (apart(open, unit) && open) {
      yield open;
      packed = [];
      open = undefined;
    }
    if (unit.parts && unit.end - unit.start > size) {
      for (const part of unit.parts()) yield* add(part);
      return;
    }
    if (open && unit.end - open.start > size) {
      yield open;
      packed = repeated(packed, Math.max(open.end - overlap, unit.end - size));
    }
    packed.push(unit);
  }

  for (const unit of units) yield* add(unit);
  const open = chunkOf(packed);
  if (open) yield open;
}

function chunkOf(packed: readonly Unit[]): Span | undefined {
  const [first] = packed;
  const last = packed.at(-1);
  if (!first || !last) return undefined;
  return { start: first.start, end: last.end };
}

/** Returns the units, or parts of them, that begin at `from` or later. */
function repeated(units: readonly Unit[], from: number): Unit[] {
  const first = units.findLastIndex(({ start }) => start < from);
  const cut = units[first];
  const inner = cut?.parts && cut.end > from ? repeated([...cut.parts()], from) : [];
  return [...inner, ...units.slice(first + 1)];
}
