/**
 * Reads the columns and rows that a cell covers. A bad value counts as 1. A `rowspan` of 0 covers all rows that follow.
 */
export function spansOf(attributes: ReadonlyMap<string, string>): { columnSpan: number; rowSpan: number } {
  return { columnSpan: span(attributes.get('colspan')), rowSpan: span(attributes.get('rowspan'), Infinity) };
}

function span(value = '', zero = 1): number {
  const count = Number.parseInt(value, 10);
  if (count === 0) return zero;
  return count >= 1 ? count : 1;
}
