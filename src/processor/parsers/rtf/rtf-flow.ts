import { numbersPage } from '../blocks/page-number.ts';
import type { Reading } from '../blocks/reading.ts';
import type { RowShape, RtfEntry, RtfRow, TextBlock } from './rtf-tables.ts';

/** Deepest tables within tables. Deeper ones belong to the innermost. */
const MAX_LEVEL = 10;

/** How to write a paragraph. */
export interface ParagraphRole {
  /** Tables around it. */
  level: number;
  /** Level of a heading by its style; by default the size of its letters decides. */
  heading: number | undefined;
  /** Whether it belongs to a list, and how deep. */
  isItem: boolean;
  depth: number;
}

/** A table that is open. The first level is the text around all tables, as its only cell. */
interface Level {
  rows: RtfRow[];
  cells: RtfEntry[][];
  /** Content of the open cell. */
  cell: RtfEntry[];
}

/** Text that flows by itself: the body, a note, a running head, a text box. */
export class Flow {
  readonly kind: 'body' | 'note' | 'comment' | 'header' | 'footer' | 'box';
  /** Words of the open paragraph. */
  text = '';
  /** Whether `text` has more than spaces. Trimming it for each token would take quadratic time. */
  hasWords = false;
  /** Label of its item, once the file gives one. */
  mark: string | undefined;
  /** Level of the heading that its first letters look like. */
  looksLike: number | undefined;
  /** Notes and boxes of its words. */
  after: RtfEntry[] = [];
  hasPageNumber = false;
  /** Whether to read the hidden words that stand here; undefined beside hidden words. */
  takesHidden: boolean | undefined;
  #levels: Level[] = [{ rows: [], cells: [], cell: [] }];

  constructor(kind: Flow['kind']) {
    this.kind = kind;
  }

  /** Returns whether to read hidden words. It decides once about those that stand together. */
  readsHidden(words: string, reading: Reading): boolean {
    if (words.trim() === '') return this.takesHidden ?? false;
    return (this.takesHidden ??= reading.takesHidden());
  }

  /** Adds words to the open paragraph. */
  append(words: string): void {
    this.text += words;
    this.hasWords ||= words.trim() !== '';
  }

  /** Ends the open paragraph. */
  endParagraph(role: ParagraphRole): void {
    const isPageNumber = this.hasPageNumber && numbersPage(this.text);
    const sink = this.#sink(this.#isInRow && role.level === 0 ? 1 : role.level);
    if (this.hasWords && !isPageNumber)
      sink.push({ type: 'block', block: this.#block(role, this.#levels.length === 1) });
    for (const entry of this.after) sink.push(entry);
    this.text = '';
    this.hasWords = false;
    this.mark = undefined;
    this.looksLike = undefined;
    this.after = [];
    this.hasPageNumber = false;
    this.takesHidden = undefined;
  }

  /** Ends a cell, and its last paragraph. */
  endCell(level: number, role: ParagraphRole): void {
    this.endParagraph({ ...role, level });
    const table = this.#levels.at(-1);
    if (!table) return;
    table.cells.push(table.cell);
    table.cell = [];
  }

  endRow(level: number, shape: RowShape): void {
    this.#sink(level);
    const table = this.#levels.at(-1);
    if (table) endRow(table, shape);
  }

  /** Takes what has ended and stands outside of open tables. */
  take(): RtfEntry[] {
    const [body] = this.#levels;
    if (!body || this.#levels.length > 1) return [];
    return body.cell.splice(0);
  }

  /** Ends all that is open, and takes the rest. */
  end(role: ParagraphRole): RtfEntry[] {
    this.endParagraph(role);
    this.#sink(0);
    return this.take();
  }

  get #isInRow(): boolean {
    return (this.#levels[1]?.cells.length ?? 0) > 0;
  }

  /** Opens or closes tables up to a level, and returns the content of its open cell. */
  #sink(wanted: number): RtfEntry[] {
    const level = Math.min(wanted, MAX_LEVEL);
    while (this.#levels.length <= level) this.#levels.push({ rows: [], cells: [], cell: [] });
    while (this.#levels.length > level + 1) {
      const table = this.#levels.pop();
      if (!table) break;
      if (table.cell.length > 0 || table.cells.length > 0)
        endRow(table, { left: 0, cells: [], isHeader: false });
      if (table.rows.length > 0) this.#levels.at(-1)?.cell.push({ type: 'table', rows: table.rows });
    }
    return this.#levels.at(-1)?.cell ?? [];
  }

  #block({ heading, isItem, depth }: ParagraphRole, isBody: boolean): TextBlock {
    const { text } = this;
    const mark = this.mark?.trim() ?? '';
    const label = /[\p{L}\p{N}]/u.test(mark) ? mark : '-';
    const level = heading ?? (isBody && this.mark === undefined && !isItem ? this.looksLike : undefined);
    if (level !== undefined)
      return { type: 'heading', level, text: label === '-' ? text : `${label} ${text}` };
    return this.mark !== undefined || isItem
      ? { type: 'item', depth, mark: label, text }
      : { type: 'paragraph', text };
  }
}

function endRow(table: Level, shape: RowShape): void {
  if (table.cell.length > 0) table.cells.push(table.cell);
  if (table.cells.length > 0) table.rows.push({ shape, cells: table.cells });
  table.cell = [];
  table.cells = [];
}
