import type { OfficeContentNode } from 'officeparser';

type CellNode = Extract<OfficeContentNode, { type: 'cell' }>;

/** Columns that cells from above take in some of the rows below. */
interface Covered {
  from: number;
  to: number;
  rows: number;
}

/**
 * The cells of a table in their columns, without the rows and columns that are empty.
 * @param textOf what a cell says
 * @returns the texts of each row, up to its last cell that says something, and how many columns there are
 */
export function tableGrid(
  table: OfficeContentNode,
  textOf: (cell: OfficeContentNode) => string,
): [rows: Iterable<string[]>, columns: number] {
  const rows = [...filledRows(table, textOf)].filter(({ size }) => size > 0);
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))].toSorted((a, b) => a - b);
  return [spread(rows, columns), columns.length];
}

function* spread(rows: readonly Map<number, string>[], columns: readonly number[]): Generator<string[]> {
  for (const row of rows) {
    const width = columns.findLastIndex((column) => row.has(column)) + 1;
    yield columns.slice(0, width).map((column) => row.get(column) ?? '');
  }
}

/** The texts of each row by their column. */
function* filledRows(
  table: OfficeContentNode,
  textOf: (cell: OfficeContentNode) => string,
): Generator<Map<number, string>> {
  let covered: Covered[] = [];
  for (const { type, children = [] } of table.children ?? []) {
    if (type !== 'row') continue;
    const filled = new Map<number, string>();
    const begun: Covered[] = [];
    for (const { cell, from, to } of placed(children, covered)) {
      const text = textOf(cell);
      if (text !== '') filled.set(from, text);
      const rows = (cell.metadata?.rowSpan ?? 1) - 1;
      if (rows > 0) begun.push({ from, to, rows });
    }
    yield filled;
    const goOn = covered.map((span) => ({ ...span, rows: span.rows - 1 })).filter(({ rows }) => rows > 0);
    covered = [...goOn, ...begun].sort((a, b) => a.from - b.from);
  }
}

/** The cells of a row with their columns: those that they name, else the next that is not covered from above. */
function* placed(
  nodes: readonly OfficeContentNode[],
  covered: readonly Covered[],
): Generator<{ cell: CellNode; from: number; to: number }> {
  let next = 0;
  let above = 0;
  for (const cell of nodes.filter((node): node is CellNode => node.type === 'cell')) {
    for (let span; (span = covered[above]) && span.from <= next; above++) next = Math.max(next, span.to);
    const from = cell.metadata?.col ?? next;
    next = from + (cell.metadata?.colSpan ?? 1);
    yield { cell, from, to: next };
  }
}
