import { median, printTable } from '../statistics.ts';

/** The files of those that are compared, Sluice first. */
export const SIDES = { Sluice: 'sluice.ts', 'raw loop': 'raw.ts', 'Socket.IO': 'socketio.mjs' } as const;
export type SideName = keyof typeof SIDES;
export const SIDE_NAMES = Object.keys(SIDES) as SideName[];

export const ROUNDS = 5;

/** What each side took, round by round. */
export type Taken<T> = Record<SideName, T[]>;

export function nothingTaken<T>(): Taken<T> {
  return { Sluice: [], 'raw loop': [], 'Socket.IO': [] };
}

/** A row of a table: its name, and how it reads a round. */
export type Row<T> = readonly [name: string, of: (round: T) => number, unit?: string, digits?: number];

/** Prints each row's medians, and Sluice's as a share of the others'. */
export function printContest<T>(title: string, taken: Taken<T>, rows: readonly Row<T>[]): void {
  const table = rows.map(([name, of, unit = '', digits = 1]) => {
    const medians = SIDE_NAMES.map((side) => median(taken[side].map(of)));
    const [sluice = NaN, ...others] = medians;
    return [
      name,
      ...medians.map((value) => value.toFixed(digits) + unit),
      ...others.map((other) => (sluice / other).toFixed(2)),
    ];
  });
  printTable([[title, ...SIDE_NAMES, 'to raw', 'to Socket.IO'], ...table]);
  console.log();
}
