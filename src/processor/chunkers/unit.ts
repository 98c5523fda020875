import type { BlockKind, Heading } from './blocks.ts';
import type { Span } from './spans/span.ts';

/** A stretch of text without outer blanks. It stays whole if it fits into a chunk. */
export interface Unit extends Span {
  /** Cuts the unit if it does not fit. A unit without parts always fits. */
  parts?: () => Iterable<Unit>;
  /** Headings at its beginning. */
  headings?: readonly Heading[];
  /** Kind of its block; absent for a part of a block, or several blocks. */
  kind?: BlockKind;
}

/**
 * Joins each run of related units into one unit, if it fits into `size` characters. It passes a longer run on at
 * once, because that may be the whole text.
 * @param goesOn returns whether a unit continues the run of the last one
 */
export function* joinRuns(
  units: Iterable<Unit>,
  size: number,
  goesOn: (last: Unit, next: Unit) => boolean,
): Generator<Unit> {
  let run: Unit[] = [];
  let last: Unit | undefined;
  let tooLong = false;
  for (const unit of units) {
    if (!last || !goesOn(last, unit)) {
      yield* joined(run);
      run = [];
      tooLong = false;
    }
    last = unit;
    run.push(unit);
    tooLong ||= unit.end - (run[0] ?? unit).start > size;
    if (!tooLong) continue;
    yield* run;
    run = [];
  }
  yield* joined(run);
}

function* joined(run: Unit[]): Generator<Unit> {
  const [first] = run;
  const last = run.at(-1);
  if (!first || !last) return;
  if (first === last) yield first;
  else {
    const { start, headings } = first;
    yield { start, end: last.end, parts: () => run, ...(headings && { headings }) };
  }
}

/**
 * Joins headings and table headers with the next unit. So a chunk does not end in them if it has room for that unit's
 * beginning. The unit stays whole only if it fits with them.
 */
export function* leadIn(units: Iterable<Unit>, size: number): Generator<Unit> {
  let held: Unit[] = [];
  for (const unit of units) {
    const [first] = held;
    if (first && unit.end - first.start > size && leads(unit)) {
      yield* held;
      held = [unit];
    } else if (leads(unit)) {
      held.push(unit);
    } else if (first) {
      yield led(held, unit);
      held = [];
    } else {
      yield unit;
    }
  }
  yield* held;
}

function leads({ kind }: Unit): boolean {
  return kind === 'heading' || kind === 'header';
}

function led(held: readonly Unit[], unit: Unit): Unit {
  const [first = unit] = held;
  const headings = [...held, unit].flatMap(({ headings }) => headings ?? []);
  return {
    start: first.start,
    end: unit.end,
    parts: () => [...held, ...(unit.parts?.() ?? [unit])],
    ...(headings.length > 0 && { headings }),
  };
}
