import type { CellRange } from '../../blocks/sheet-view.ts';

const RANGE = /^\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?$/i;

/** Parses a reference, such as `B4` or `B4:C6`. */
export function parseRange(reference: string): CellRange | undefined {
  const [, left, top, right = left, bottom = top] = RANGE.exec(reference) ?? [];
  if (left === undefined || right === undefined) return undefined;
  return {
    row: Number(top) - 1,
    column: columnOf(left),
    lastRow: Number(bottom) - 1,
    lastColumn: columnOf(right),
  };
}

/** Returns the number of the column of a reference; undefined if it has none. */
export function columnIn(reference: string): number | undefined {
  const letters = /^[A-Z]{1,3}/i.exec(reference)?.[0];
  return letters === undefined ? undefined : columnOf(letters);
}

function columnOf(letters: string): number {
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + (letter.charCodeAt(0) - 64);
  return column - 1;
}
