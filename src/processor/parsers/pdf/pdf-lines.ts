import { escapeBlocks, heading, oneLine } from '../markdown-writer.ts';

/** A piece of a page's text, as pdf.js has it: its own characters in reading order, its place from the left bottom. */
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

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const LEFT_TO_RIGHT = /[\p{L}\p{Nd}]/u;
/** Signs that end a sentence or a part of it; where they stand at the edge of a piece, they need not be of it. */
const EDGE_SIGNS = /^([.,:;!?]*)(.*?)([.,:;!?]*)$/su;
/** What is drawn the other way round where it leads to the left. */
const BRACKETS: Readonly<Record<string, string>> = {
  '(': ')',
  ')': '(',
  '[': ']',
  ']': '[',
  '{': '}',
  '}': '{',
};
/** Letters as they look within a word; each stands for one or more of the alphabet. */
const PRESENTATION_FORMS = /[\ufb1d-\ufdff\ufe70-\ufefc]+/g;

/** By how much larger than most of the page a heading is set. */
const HEADING_SIZE = 1.15;
const TITLE_SIZE = 1.6;
/** How far apart two lines of a paragraph are at most, in font sizes. */
const MAX_LEADING = 1.8;
/** What parts words, in font sizes: where the direction changes, or a cell ends, there need be no blank. */
const MIN_GAP = 0.2;

/** What share of a text's letters are written from right to left. */
export function rightToLeftShare(text: string): number {
  // Most texts have none, and to count letters takes long.
  if (!RIGHT_TO_LEFT.test(text)) return 0;
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => RIGHT_TO_LEFT.test(letter)).length / Math.max(letters.length, 1);
}

/** A page's pieces of text as Markdown: larger lines are headings, wider gaps part paragraphs. */
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

/** The size of most characters. */
function usualSize(found: readonly Line[]): number {
  const chars = new Map<number, number>();
  for (const { size, text } of found) chars.set(size, (chars.get(size) ?? 0) + text.length);
  return [...chars].reduce((most, next) => (next[1] > most[1] ? next : most), [0, 0])[0];
}

/**
 * The text of one line. Where some of it is written from right to left, files hold it in any order; its place on
 * the page tells: runs of one direction follow each other in the line's, the pieces of a run in the run's.
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
  // Some files hold brackets as they are drawn, some as they are meant.
  return isPaired(asMeant) && !isPaired(asDrawn) ? asMeant : asDrawn;
}

function mirrored(str: string): string {
  return str.replace(/[()[\]{}]/g, (bracket) => BRACKETS[bracket] ?? bracket);
}

/** Whether every bracket that is closed has been opened before, and the other way round. */
function isPaired(text: string): boolean {
  const open: (string | undefined)[] = [];
  for (const [bracket] of text.matchAll(/[()[\]{}]/g)) {
    if ('([{'.includes(bracket)) open.push(BRACKETS[bracket]);
    else if (open.pop() !== bracket) return false;
  }
  return open.length === 0;
}

/** A piece that leads to the right apart from the signs at its edges, which may be of the line's other direction. */
function withoutEdges(piece: string): string[] {
  if (RIGHT_TO_LEFT.test(piece)) return [piece];
  const [, before = '', words = '', after = ''] = EDGE_SIGNS.exec(piece) ?? [];
  return [before, words, after].filter((part) => part !== '');
}

/** A piece, after a blank where there is room for one between it and the piece to its left. */
function withGap(item: TextItem, index: number, fromLeft: readonly TextItem[]): string[] {
  const left = fromLeft[index - 1];
  if (!left) return [item.str];
  const gap = (item.transform[4] ?? 0) - (left.transform[4] ?? 0) - left.width;
  return gap > sizeOf(item) * MIN_GAP ? [' ', item.str] : [item.str];
}

/** Where each piece leads. Blanks and signs go with their neighbours where these agree, else with the line. */
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

/** Each direction, or the last one known. */
function carriedOn(directions: readonly (Direction | undefined)[]): (Direction | undefined)[] {
  let last: Direction | undefined;
  return directions.map((direction) => (last = direction ?? last));
}
