import type { OfficeContentNode } from 'officeparser';

import { oneLine, tableLines } from '../markdown-writer.ts';
import { tableGrid } from '../table-grid.ts';

/** Most columns or rows that a cell may cover. HTML has the same limit for columns. */
const MAX_SPAN = 1000;

interface Cell {
  type: 'cell';
  metadata: { rowSpan: number; colSpan: number };
  text: string;
}

/** Collects the rows and cells of a table from its tags. */
export class TableBuilder {
  readonly #rows: { type: 'row'; children: Cell[] }[] = [];
  #cell: Cell | undefined;

  row(): void {
    this.#rows.push({ type: 'row', children: [] });
    this.#cell = undefined;
  }

  /** Begins a cell. It opens a row if there is none. */
  cell(attributes: ReadonlyMap<string, string>): void {
    if (this.#rows.length === 0) this.row();
    const metadata = { rowSpan: span(attributes.get('rowspan')), colSpan: span(attributes.get('colspan')) };
    this.#cell = { type: 'cell', metadata, text: '' };
    this.#rows.at(-1)?.children.push(this.#cell);
  }

  /** Adds text to the open cell. Returns false outside of cells. */
  text(text: string): boolean {
    if (this.#cell) this.#cell.text += text;
    return this.#cell !== undefined;
  }

  closeCell(): void {
    this.#cell = undefined;
  }

  /** Writes the table as Markdown, or '' without words. */
  markdown(): string {
    const table = { type: 'table', children: this.#rows } as unknown as OfficeContentNode;
    return [...tableLines(...tableGrid(table, (cell) => oneLine(cell.text ?? '')))].join('\n');
  }
}

function span(value = ''): number {
  const count = Number.parseInt(value, 10);
  return count >= 1 ? Math.min(count, MAX_SPAN) : 1;
}
