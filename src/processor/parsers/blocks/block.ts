/**
 * A block of a document. Readers of markup yield blocks in reading order. Texts are plain words, not Markdown. Lines of
 * a paragraph are separated by `\n`.
 */
export type Block =
  | { type: 'heading'; level: number; text: string }
  | { type: 'paragraph'; text: string }
  /** An item of a list. Its mark, such as `-`, `2.` or `(b)`, is not part of the text. */
  | { type: 'item'; depth: number; mark: string; text: string }
  | { type: 'code'; text: string; language?: string }
  | Table
  /** The start of a page, slide or sheet. Pages count from 1. */
  | { type: 'page'; pages: number };

/** A block that stands on a page. */
export type ContentBlock = Exclude<Block, { type: 'page' }>;

export interface Table {
  type: 'table';
  rows: readonly Row[];
  /** Number of rows that the format marks as header. The spans of the first row may add to them. */
  headerRows?: number;
}

export type Row = readonly Cell[];

/** Where a cell stands. */
export interface Spans {
  /** Column from 0. By default the next one that no cell covers. */
  column?: number;
  /** Columns that the cell covers. Defaults to 1. */
  columnSpan?: number;
  /** Rows that the cell covers. Defaults to 1. */
  rowSpan?: number;
}

export interface Cell extends Spans {
  text: string;
}
