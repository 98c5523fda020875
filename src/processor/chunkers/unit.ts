import type { BlockKind, Heading } from './blocks.ts';
import type { Span } from './spans/span.ts';

/** A stretch of text without outer blanks. It stays whole if it fits into a chunk. */
export interface Unit extends Span {
  /** Cuts the unit if it does not fit. A unit without parts always fits. */
  parts?: () => Iterable<Unit>;
  /** Text from elsewhere that explains the unit: a table's header row. */
  context?: string;
  /** The headings it begins with. */
  headings?: readonly Heading[];
  /** The block it is; a part of one, or several, are none. */
  kind?: BlockKind;
}

/**
 * Joins runs of units that belong together into one each, where it fits into `size` characters. A longer run
 * stays as it was, and is not even held: it may be the whole text.
 * @param goesOn whether a unit belongs to the run of the one before it
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
 * Puts headings, and the headers of tables, together with what follows them, so that a chunk that has room for
 * the beginning of it does not end in them. What follows stays whole only if it fits with them.
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
