/** Reads the columns and rows that a cell covers. A bad value counts as 1. */
export function spansOf(attributes: ReadonlyMap<string, string>): { columnSpan: number; rowSpan: number } {
  return { columnSpan: span(attributes.get('colspan')), rowSpan: span(attributes.get('rowspan')) };
}

function span(value = ''): number {
  const count = Number.parseInt(value, 10);
  return count >= 1 ? count : 1;
}
