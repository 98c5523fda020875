import { ProcessorError } from '../../errors.ts';
import { oneLine } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import type { Block, Cell, ContentBlock, Spans, Table } from './block.ts';
import { tableGrid } from './table-grid.ts';

/** Most cells of a document. */
export const MAX_CELLS = 400_000;
/** Deepest table within tables. The words of deeper ones belong to the cell around them. */
const MAX_NESTED_TABLES = 20;

interface OpenCell extends Spans {
  blocks: Block[];
}

interface OpenTable {
  rows: { cells: OpenCell[] }[];
  headerRows: number;
  /** Whether blocks go into its last cell. */
  inCell: boolean;
}

/**
 * Collects the blocks of a document in reading order. Within a table, blocks are the content of its open cell. A layout
 * table becomes the blocks of its cells. Empty blocks are left out.
 */
export class BlockBuilder {
  readonly #maxTextChars: number;
  readonly #tables: OpenTable[] = [];
  /** Blocks that may not stand inside a table. */
  readonly #notes = new WeakSet<Block>();
  #blocks: Block[] = [];
  #chars = 0;
  #cells = 0;
  /** Open tables that are nested too deep. */
  #tooDeep = 0;

  /** @param maxTextChars most characters of all blocks; beyond it methods throw `text_too_long` */
  constructor(maxTextChars: number) {
    this.#maxTextChars = maxTextChars;
  }

  heading(level: number, text: string): void {
    this.add({ type: 'heading', level, text });
  }

  paragraph(text: string): void {
    this.add({ type: 'paragraph', text });
  }

  /** @param depth nesting from 0 */
  item(depth: number, mark: string, text: string): void {
    this.add({ type: 'item', depth, mark, text });
  }

  code(text: string, language?: string): void {
    this.add({ type: 'code', text, ...(language !== undefined && { language }) });
  }

  /** Adds a block. It leaves out one without words. */
  add(block: ContentBlock): void {
    const sink = this.#sink();
    if (block.type === 'table') {
      const rows = block.rows.map((row) => row.map((cell) => this.#readable(cell)));
      sink.push({ ...block, rows });
      return;
    }
    const text = readable(block.text);
    if (text.trim() === '') return;
    this.#count(text);
    sink.push({ ...block, text });
  }

  /** Adds a block that explains the words before it, such as a footnote. It stands after the table around it. */
  note(block: Exclude<ContentBlock, Table>): void {
    const sink = this.#sink();
    const before = sink.length;
    this.add(block);
    // Outside of tables notes already stand where they belong. A large weak set would slow down each collection.
    if (sink !== this.#blocks) for (const added of sink.slice(before)) this.#notes.add(added);
  }

  /** Begins a page. Pages count from 1. */
  page(pages: number): void {
    this.#blocks.push({ type: 'page', pages });
  }

  openTable(): void {
    if (this.#tables.length >= MAX_NESTED_TABLES) this.#tooDeep++;
    else this.#tables.push({ rows: [], headerRows: 0, inCell: false });
  }

  /** @param isHeader whether the format marks the row as header. Only the first rows count. */
  openRow(isHeader = false): void {
    const table = this.#openTable;
    if (!table) return;
    if (isHeader && table.headerRows === table.rows.length) table.headerRows++;
    table.rows.push({ cells: [] });
    table.inCell = false;
  }

  /** Begins a cell. It opens a row if there is none. */
  openCell(spans: Spans = {}): void {
    const table = this.#openTable;
    if (!table) return;
    if (++this.#cells > MAX_CELLS) throw new ProcessorError('text_too_long');
    if (table.rows.length === 0) this.openRow();
    table.rows.at(-1)?.cells.push({ ...spans, blocks: [] });
    table.inCell = true;
  }

  closeCell(): void {
    const table = this.#openTable;
    if (table) table.inCell = false;
  }

  closeTable(): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep--;
      return;
    }
    const table = this.#tables.pop();
    if (!table) return;
    const sink = this.#sink();
    const { rows, headerRows } = table;
    const blocks = rows.flatMap(({ cells }) => cells.flatMap((cell) => cell.blocks));
    const written: Table = {
      type: 'table',
      rows: rows.map(({ cells }) => cells.map((cell) => this.#written(cell))),
      headerRows,
    };
    const isNote = (block: Block) => this.#notes.has(block);
    const found = isLayout(written, rows) ? blocks : [written, ...blocks.filter(isNote)];
    for (const block of found) sink.push(block);
  }

  #readable(cell: Cell): Cell {
    const text = oneLine(readable(cell.text));
    this.#count(text);
    return { ...cell, text };
  }

  #written({ blocks, ...spans }: OpenCell): Cell {
    const words = blocks.filter((block) => !this.#notes.has(block)).map(wordsOf);
    return { ...spans, text: oneLine(words.join(' ')) };
  }

  get #openTable(): OpenTable | undefined {
    return this.#tooDeep > 0 ? undefined : this.#tables.at(-1);
  }

  /** Closes all tables, and returns the blocks since the last call. */
  take(): Block[] {
    while (this.#tooDeep + this.#tables.length > 0) this.closeTable();
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }

  /** The blocks of the innermost open cell, or those of the page. Words outside of cells stand before their table. */
  #sink(): Block[] {
    for (const table of this.#tables.toReversed()) {
      const cell = table.inCell ? table.rows.at(-1)?.cells.at(-1) : undefined;
      if (cell) return cell.blocks;
    }
    return this.#blocks;
  }

  #count(text: string): void {
    this.#chars += text.length;
    if (this.#chars > this.#maxTextChars) throw new ProcessorError('text_too_long');
  }
}

/** Returns whether a table is a layout table: it has one column, or headings or tables in most of its cells. */
function isLayout(table: Table, rows: OpenTable['rows']): boolean {
  const filled = rows.flatMap(({ cells }) => cells).filter(({ blocks }) => blocks.length > 0);
  const holdBlocks = filled.filter(({ blocks }) =>
    blocks.some(({ type }) => type === 'heading' || type === 'table'),
  );
  return holdBlocks.length > filled.length / 2 || tableGrid(table).columns === 1;
}

/** Returns the words of a block within a cell. */
function wordsOf(block: Block): string {
  if (block.type === 'page') return '';
  if (block.type === 'table') return block.rows.flatMap((row) => row.map(({ text }) => text)).join(' ');
  return block.type === 'item' && block.mark !== '-' ? `${block.mark} ${block.text}` : block.text;
}

/** Normalizes a text, and removes its soft hyphens. */
export function readable(text: string): string {
  return normalize(text).replaceAll('\u00ad', '');
}
