import { escapeBlocks, heading, oneLine } from '../markdown-writer.ts';
import type { PlacedText } from './annotations/pdf-fields.ts';

/** A piece of text from pdf.js: characters in reading order, place from the bottom left corner. */
export interface TextItem {
  str: string;
  transform: readonly number[];
  width: number;
  hasEOL: boolean;
}

interface Line {
  text: string;
  y: number;
  size: number;
}

type Direction = 'left' | 'right';

/** Right-to-left scripts. */
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const LEFT_TO_RIGHT = /[\p{L}\p{Nd}]/u;
/** Punctuation at the edges of a piece. It may belong to the neighbouring piece. */
const EDGE_SIGNS = /^([.,:;!?]*)(.*?)([.,:;!?]*)$/su;
/** Brackets that right-to-left text mirrors. */
const BRACKETS: Readonly<Record<string, string>> = {
  '(': ')',
  ')': '(',
  '[': ']',
  ']': '[',
  '{': '}',
  '}': '{',
};
/** Letters in the shape that they take within a word. Each stands for one or more plain letters. */
const PRESENTATION_FORMS = /[\ufb1d-\ufdff\ufe70-\ufefc]+/g;

/** Smallest ratio of a heading's size to the page's usual size. */
const HEADING_SIZE = 1.15;
const TITLE_SIZE = 1.6;
/** Largest distance of two lines in a paragraph, in font sizes. */
const MAX_LEADING = 1.8;
/** Smallest gap between words, in font sizes. Files omit the blank where the direction changes or a cell ends. */
const MIN_GAP = 0.2;

/** Returns the share of letters that belong to right-to-left scripts, from 0 to 1. */
export function rightToLeftShare(text: string): number {
  // Most texts have none, and counting letters is slow.
  if (!RIGHT_TO_LEFT.test(text)) return 0;
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => RIGHT_TO_LEFT.test(letter)).length / Math.max(letters.length, 1);
}

/** Writes a page's text as Markdown. Larger lines become headings. Wider gaps separate paragraphs. */
export function pageMarkdown(items: Iterable<TextItem>): string {
  const found = [...lines(items)];
  const body = usualSize(found);
  let markdown = '';
  let last: (Line & { isHeading: boolean }) | undefined;
  for (const line of found) {
    const isHeading = line.size >= body * HEADING_SIZE;
    const text = isHeading
      ? heading(line.size >= body * TITLE_SIZE ? 1 : 2, line.text)
      : escapeBlocks(line.text);
    const goesOn = last && !isHeading && !last.isHeading && Math.abs(last.y - line.y) <= body * MAX_LEADING;
    markdown += last === undefined ? text : (goesOn ? '\n' : '\n\n') + text;
    last = { ...line, isHeading };
  }
  return markdown;
}

function* lines(items: Iterable<TextItem>): Generator<Line> {
  let line: TextItem[] = [];
  for (const item of items) {
    if (item.str !== '') line.push(item);
    if (!item.hasEOL) continue;
    yield* lineOf(line);
    line = [];
  }
  yield* lineOf(line);
}

function* lineOf(items: readonly TextItem[]): Generator<Line> {
  const text = oneLine(inReadingOrder(items).replace(PRESENTATION_FORMS, (forms) => forms.normalize('NFKC')));
  const [first] = items;
  if (!first || text === '') return;
  yield { text, y: first.transform[5] ?? 0, size: Math.max(...items.map(sizeOf)) };
}

function sizeOf({ transform }: TextItem): number {
  return Math.hypot(transform[2] ?? 0, transform[3] ?? 0);
}

/** Returns the font size of most characters. */
function usualSize(found: readonly Line[]): number {
  const chars = new Map<number, number>();
  for (const { size, text } of found) chars.set(size, (chars.get(size) ?? 0) + text.length);
  return [...chars].reduce((most, next) => (next[1] > most[1] ? next : most), [0, 0])[0];
}

/**
 * Returns a line's text in reading order. Files store right-to-left text in any order, so its place decides. Runs of
 * one direction follow the line's direction. Pieces of a run follow the run's direction.
 */
function inReadingOrder(items: readonly TextItem[]): string {
  const written = items.map(({ str }) => str).join('');
  const share = rightToLeftShare(written);
  if (share === 0) return written;
  const base: Direction = share >= 0.5 ? 'left' : 'right';
  const fromLeft = items.toSorted((a, b) => (a.transform[4] ?? 0) - (b.transform[4] ?? 0));
  const runs: { direction: Direction; pieces: string[] }[] = [];
  for (const { str, direction } of directed(fromLeft.flatMap(withGap).flatMap(withoutEdges), base)) {
    const run = runs.at(-1);
    if (run?.direction === direction) run.pieces.push(str);
    else runs.push({ direction, pieces: [str] });
  }
  for (const { direction, pieces } of runs) if (direction === 'left') pieces.reverse();
  if (base === 'left') runs.reverse();
  const textOf = (mirror: (str: string) => string) =>
    runs
      .map(({ direction, pieces }) => (direction === 'left' ? mirror(pieces.join('')) : pieces.join('')))
      .join('');
  const asDrawn = textOf((str) => str);
  const asMeant = textOf(mirrored);
  // Some files store brackets as they look, others as they read.
  return isPaired(asMeant) && !isPaired(asDrawn) ? asMeant : asDrawn;
}

function mirrored(str: string): string {
  return str.replace(/[()[\]{}]/g, (bracket) => BRACKETS[bracket] ?? bracket);
}

/** Returns whether brackets are balanced. */
function isPaired(text: string): boolean {
  const open: (string | undefined)[] = [];
  for (const [bracket] of text.matchAll(/[()[\]{}]/g)) {
    if ('([{'.includes(bracket)) open.push(BRACKETS[bracket]);
    else if (open.pop() !== bracket) return false;
  }
  return open.length === 0;
}

/** Splits a left-to-right piece from its outer punctuation, which may follow the line's direction. */
function withoutEdges(piece: string): string[] {
  if (RIGHT_TO_LEFT.test(piece)) return [piece];
  const [, before = '', words = '', after = ''] = EDGE_SIGNS.exec(piece) ?? [];
  return [before, words, after].filter((part) => part !== '');
}

/** Returns a piece, with a blank before it if the gap to its left neighbour has room. */
function withGap(item: TextItem, index: number, fromLeft: readonly TextItem[]): string[] {
  const left = fromLeft[index - 1];
  if (!left) return [item.str];
  const gap = (item.transform[4] ?? 0) - (left.transform[4] ?? 0) - left.width;
  return gap > sizeOf(item) * MIN_GAP ? [' ', item.str] : [item.str];
}

/** Finds the direction of each piece. Blanks and punctuation follow agreeing neighbours, else the line. */
function directed(pieces: readonly string[], base: Direction): { str: string; direction: Direction }[] {
  const own = pieces.map((str): Direction | undefined => {
    if (RIGHT_TO_LEFT.test(str)) return 'left';
    return LEFT_TO_RIGHT.test(str) ? 'right' : undefined;
  });
  const before = carriedOn(own);
  const after = carriedOn(own.toReversed()).toReversed();
  return pieces.map((str, index) => {
    const around = before[index] === after[index] ? before[index] : undefined;
    return { str, direction: around ?? base };
  });
}

/** Fills unknown directions with the last known one. */
function carriedOn(directions: readonly (Direction | undefined)[]): (Direction | undefined)[] {
  let last: Direction | undefined;
  return directions.map((direction) => (last = direction ?? last));
}

/** A letter of a script that may run down the page. */
const EAST_ASIAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー、。「」]/u;
/** Share of the other reader's East Asian letters that a text must lack. */
const MIN_MORE = 0.1;
/** A piece of such letters, each beside the next column's. */
const ROW_OF_COLUMNS = /^\S(?:\s+\S)*$/u;
/** Share of the letters in such pieces on a page whose lines run down. */
const MIN_DOWNWARD = 0.7;
const MIN_LETTERS = 10;

/** Returns whether a text lacks East Asian letters that another reader has found. */
export function lacksLetters(text: string, other: string): boolean {
  const count = (read: string) => Array.from(read).filter((letter) => EAST_ASIAN.test(letter)).length;
  return count(other) * (1 - MIN_MORE) > count(text);
}

/** Returns whether a page's lines run down, so that a reader of rows has mixed their letters. */
export function runsDown(pieces: readonly string[]): boolean {
  const letters = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + Array.from(text.replace(/\s+/g, '')).length, 0);
  const rows = pieces.filter((piece) => EAST_ASIAN.test(piece) && ROW_OF_COLUMNS.test(piece));
  const down = letters(rows);
  return down >= MIN_LETTERS && down >= letters(pieces) * MIN_DOWNWARD;
}

/** Writes letters that stand below each other as lines, from the right to the left. Other text comes first. */
export function columnsFromRight(pieces: readonly PlacedText[]): string {
  const columns: PlacedText[][] = [];
  const others: string[] = [];
  for (const piece of pieces.toSorted((a, b) => a.box[1] - b.box[1])) {
    const { text, box } = piece;
    if (text.trim() === '') continue;
    if (Array.from(text.trim()).length > 1) {
      others.push(text.trim());
      continue;
    }
    const middle = (box[0] + box[2]) / 2;
    const column = columns.find(([first]) => first && first.box[0] <= middle && first.box[2] >= middle);
    if (column) column.push(piece);
    else columns.push([piece]);
  }
  columns.sort(([a], [b]) => (b?.box[0] ?? 0) - (a?.box[0] ?? 0));
  const lines = columns.map((column) => column.map(({ text }) => text.trim()).join(''));
  return [...others, ...lines].join('\n');
}
