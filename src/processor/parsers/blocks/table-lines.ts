import { MAX_CONTEXT_CHARS } from '../../../contract/services/processor.ts';
import { tableRow, tableRows } from '../markdown-writer.ts';
import type { Label, TableGrid } from './table-grid.ts';

/** Most characters of contexts with labels in a table. Beyond it a row's context is the header alone. */
const MAX_LABEL_CHARS = 1_000_000;

/** A row of a table as Markdown. */
export interface TableLine {
  text: string;
  /** The header, and the labels that cover the row from above. */
  context?: string;
}

/** Writes a table as Markdown, row by row. Each row below the header has a context, so that it explains itself. */
export function* tableLines({ rows, columns, headerRows, labels }: TableGrid): Generator<TableLine> {
  const header = fitting(rows.slice(0, headerRows).map(tableRow).join('\n'));
  const waiting = labels.filter(({ to }) => to > headerRows).values();
  let next = waiting.next().value;
  let open: Label[] = [];
  let labelChars = 0;
  let row = 0;
  for (const text of tableRows(rows, columns)) {
    const isHeader = row < headerRows;
    if (!isHeader && open.length > 0) open = open.filter(({ to }) => to > row);
    const above = isHeader || labelChars > MAX_LABEL_CHARS ? [] : open;
    const labelled =
      above.length > 0 ? fitting(`${header ? `${header}\n` : ''}${labelRow(above)}`) : undefined;
    labelChars += labelled?.length ?? 0;
    const context = isHeader ? undefined : (labelled ?? header);
    yield { text, ...(context !== undefined && { context }) };
    for (; next && next.from <= row; next = waiting.next().value) {
      // The header already holds its own labels.
      if (next.from >= headerRows) open.push(next);
    }
    row++;
  }
}

function labelRow(labels: readonly Label[]): string {
  const cells: string[] = [];
  for (const { column, text } of labels) cells[column] = text;
  return tableRow(Array.from(cells, (cell) => cell ?? ''));
}

function fitting(context: string): string | undefined {
  return context !== '' && context.length <= MAX_CONTEXT_CHARS ? context : undefined;
}
