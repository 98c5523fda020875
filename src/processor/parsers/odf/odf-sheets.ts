import { ProcessorError } from '../../errors.ts';
import { MAX_CELLS, readable, type BlockBuilder } from '../blocks/block-builder.ts';
import type { Cell } from '../blocks/block.ts';
import { listNumber } from '../blocks/list-number.ts';
import type { Reading } from '../blocks/reading.ts';
import { elementsIn, type XmlElement } from '../markup/xml-element.ts';
import { cellValue } from './cell-value.ts';
import type { OdfBlocks } from './odf-blocks.ts';
import { repeatedIn, rowsOf, type OdfCell } from './odf-tables.ts';

/** Columns of the largest spreadsheets. */
const MAX_COLUMNS = 16_384;
const HIDDEN = /^(?:collapse|filter)$/;
const COLUMN_GROUPS = new Set([
  'table:table-columns',
  'table:table-header-columns',
  'table:table-column-group',
]);
/** Matches drawings, which lie over the cells. */
const DRAWN = /^(?:draw:|table:shapes$)/;

const COMMENT = 'office:annotation';

/** Drawings and comments of a sheet. */
interface Over {
  drawn: XmlElement[];
  comments: string[];
}

/** Reads the sheets of one file. */
export class OdfSheets {
  readonly #builder: BlockBuilder;
  readonly #blocks: OdfBlocks;
  readonly #reading: Reading;
  /** Cells of all sheets, hidden ones included. */
  #cells = 0;

  constructor(builder: BlockBuilder, blocks: OdfBlocks, reading: Reading) {
    this.#builder = builder;
    this.#blocks = blocks;
    this.#reading = reading;
  }

  /** Reads a sheet: its name as heading, its cells as table, what lies over the cells, and their comments. */
  read(sheet: XmlElement): void {
    const over: Over = { drawn: elementsIn(sheet).filter(({ name }) => DRAWN.test(name)), comments: [] };
    const columns = new HiddenColumns(sheet, this.#reading);
    const rows: Cell[][] = [];
    let headerRows = 0;
    for (const row of rowsOf(sheet)) {
      if (row.isHeader && headerRows === rows.length) headerRows++;
      const isHidden = HIDDEN.test(row.element.attributes.get('table:visibility') ?? '');
      this.#count(row.cells.length);
      const isRead = row.cells.length > 0 && (!isHidden || this.#reading.takesHidden());
      rows.push(isRead ? row.cells.flatMap((cell) => this.#read(cell, row.row, columns, over)) : []);
    }
    const isEmpty = rows.every((row) => row.every(({ text }) => text === ''));
    if (!isEmpty || over.drawn.length > 0) this.#builder.heading(1, sheet.attributes.get('table:name') ?? '');
    this.#builder.add({ type: 'table', rows, headerRows });
    for (const element of over.drawn) this.#blocks.read(element);
    for (const comment of over.comments) this.#builder.paragraph(comment);
  }

  /** Reads a cell as often as it stands there. */
  #read(cell: OdfCell, row: number, hidden: HiddenColumns, { drawn, comments }: Over): Cell[] {
    const { element, repeated, columnSpan, rowSpan } = cell;
    const cells: Cell[] = [];
    this.#count(repeated - 1);
    for (let column = cell.column; column < cell.column + repeated; column++) {
      if (!hidden.shows(column)) continue;
      cells.push({ text: this.#text(element), column, columnSpan, rowSpan });
      for (const child of elementsIn(element)) {
        if (DRAWN.test(child.name)) drawn.push(child);
        else if (child.name === COMMENT)
          comments.push(this.#blocks.comment(child, `${columnName(column)}${row + 1}`));
      }
    }
    return cells;
  }

  #text(cell: XmlElement): string {
    const lines = elementsIn(cell)
      .filter(({ name }) => name !== COMMENT && !DRAWN.test(name))
      .map((child) => this.#blocks.line(child));
    return readable(cellValue(cell, lines.join(' ').trim())).trim();
  }

  #count(cells: number): void {
    this.#cells += cells;
    if (this.#cells > MAX_CELLS) throw new ProcessorError('text_too_long');
  }
}

/** Returns the letters that name a column. */
function columnName(column: number): string {
  return listNumber(column + 1, 'A');
}

/** Tells which columns of a sheet to read. */
class HiddenColumns {
  readonly #reading: Reading;
  readonly #hidden = new Set<number>();
  /** Columns with cells, by whether to read them. */
  readonly #known = new Map<number, boolean>();

  constructor(sheet: XmlElement, reading: Reading) {
    this.#reading = reading;
    let from = 0;
    for (const column of columnElements(sheet)) {
      const to = from + repeatedIn(column, 'table:number-columns-repeated');
      if (HIDDEN.test(column.attributes.get('table:visibility') ?? ''))
        for (let at = from; at < Math.min(to, MAX_COLUMNS); at++) this.#hidden.add(at);
      from = to;
    }
  }

  shows(column: number): boolean {
    const known = this.#known.get(column);
    if (known !== undefined) return known;
    const shows = !this.#hidden.has(column) || this.#reading.takesHidden();
    this.#known.set(column, shows);
    return shows;
  }
}

function* columnElements(element: XmlElement): Generator<XmlElement> {
  for (const child of elementsIn(element)) {
    if (child.name === 'table:table-column') yield child;
    else if (COLUMN_GROUPS.has(child.name)) yield* columnElements(child);
  }
}
