import { MAX_CONTEXT_CHARS } from '../../../contract/services/processor.ts';
import { tableRow, tableRows } from '../markdown-writer.ts';
import type { Label, TableGrid } from './table-grid.ts';

/** Most characters of contexts with labels in a table. Beyond it a row's context is the header alone. */
const MAX_LABEL_CHARS = 1_000_000;

/** A line of a table as Markdown: a row, or the dashes below the first. */
interface TableLine {
  text: string;
  /** The header, and the labels that cover the row from above. */
  context?: string;
}

/**
 * Writes a table as Markdown, line by line. Each line below the first has the header above it as context, so that it
 * explains itself.
 */
export function* tableLines({ rows, columns, headerRows, labels }: TableGrid): Generator<TableLine> {
  const headers = rows.slice(0, headerRows).map(tableRow);
  const header = fitting(headers.join('\n'));
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
    const context = isHeader ? fitting(headers.slice(0, row).join('\n')) : (labelled ?? header);
    if (row > 0) yield { text, ...(context !== undefined && { context }) };
    else {
      // The line of dashes has a context, too.
      const at = text.lastIndexOf('\n');
      const first = fitting(headers[0] ?? '');
      yield { text: text.slice(0, at) };
      yield { text: text.slice(at + 1), ...(first !== undefined && { context: first }) };
    }
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
