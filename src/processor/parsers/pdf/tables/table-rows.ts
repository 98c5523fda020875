import { escapeBlocks } from '../../markdown-writer.ts';
import type { PlacedText } from '../annotations/pdf-fields.ts';
import { joined, rowsOf } from '../mixed-columns.ts';
import { lettersOf } from '../pdf-letters.ts';
import {
  drawnLines,
  MAX_STEPS,
  searchedPage,
  type Budget,
  type DrawnLine,
  type SearchedPage,
} from './drawn-lines.ts';
import { endOf, NUMBER, rowsOfTable, TABLE, tableOf } from './table-markdown.ts';

/** Fewest words of a line of prose, and the least share of them with letters. Close cells may share a piece. */
const MIN_WORDS = 5;
const MIN_LETTERED = 0.6;
/** Most lines with other words within a row. Text may stand beside the table. */
const MAX_FOREIGN_LINES = 2;
/** Fewest lost pieces between a row's lines. A table of the last lines of paragraphs lacks as many. */
const MIN_TORN = 3;
/** Rows to look at before the whole table, because each takes a search of the page. */
const FIRST_ROWS = 3;
/**
 * Matches a cell with several numbers, as of rows that no rule separates. Only the first digit of a word may match `\d`,
 * because trying each digit takes exponential time.
 */
const NUMBERS = /^[^\s\d]*\d\S*(?: [^\s\d]*\d\S*)+$/;

/** A row of a table. */
interface Row {
  cells: string[];
  /** Its paragraph, if it is prose. */
  prose?: string;
}

/**
 * Corrects the rows of tables by the lines on the page. LiteParse makes rows of notes below a table, and of prose above
 * it. It joins rows that no rule separates.
 */
export function withDrawnRows(
  markdown: string,
  pieces: readonly PlacedText[],
  budget: Budget = { steps: MAX_STEPS },
): string {
  const page = searchedPage(rowsOf(pieces), budget);
  let letters: string | undefined;
  const known = new Map<PlacedText, boolean>();
  const isLost = (piece: PlacedText) => {
    letters ??= lettersOf(markdown);
    const lost = known.get(piece) ?? !letters.includes(lettersOf(piece.text));
    known.set(piece, lost);
    return lost;
  };
  const readAsProse = (lines: readonly DrawnLine[]) => areProse(lines) || areTorn(lines, page, isLost);
  return markdown.replace(TABLE, (table) => {
    const rows = rowsOfTable(table);
    const whole = proseOf(rows, page, readAsProse);
    if (whole !== undefined) return whole + endOf(table);
    const above = proseIn(rows, page, readAsProse);
    const below = proseIn(rows.slice(above.length).toReversed(), page, readAsProse).toReversed();
    const kept = rows.slice(above.length, rows.length - below.length);
    const body = kept.flatMap((cells, index) => (index === 0 ? [cells] : rowsIn(cells, page)));
    if (above.length + below.length === 0 && body.length === rows.length) return table;
    const parts = [paragraphsOf(above), tableOf(body), paragraphsOf(below)];
    return parts.filter((part) => part !== '').join('\n\n') + endOf(table);
  });
}

/** Returns a table as a paragraph if most of its rows are prose, else undefined. It stops early if no first row is. */
function proseOf(
  rows: readonly string[][],
  page: SearchedPage,
  readAsProse: (lines: readonly DrawnLine[]) => boolean,
): string | undefined {
  const read = (cells: readonly string[]) => drawnLines(cells, page, Infinity) ?? [];
  if (!rows.slice(0, FIRST_ROWS).some((cells) => readAsProse(read(cells)))) return undefined;
  const lines = rows.map(read);
  if (lines.filter(readAsProse).length * 2 <= rows.length) return undefined;
  const texts = rows.flatMap((cells, row) => textsOf(lines[row] ?? [], cells));
  return escapeBlocks(texts.reduce(joined, ''));
}

/** Returns the texts of lines, or of the cells if no lines hold them. */
function textsOf(lines: readonly DrawnLine[], cells: readonly string[]): string[] {
  if (lines.length === 0) return cells.filter((cell) => cell !== '');
  return lines.flatMap(({ pieces }) => pieces.map(({ text }) => text.trim()));
}

/** Takes the prose at the beginning of a table's rows. It includes the rows of single cells before and between. */
function proseIn(
  rows: readonly string[][],
  page: SearchedPage,
  readAsProse: (lines: readonly DrawnLine[]) => boolean,
): Row[] {
  const found: Row[] = [];
  let end = 0;
  for (const cells of rows) {
    const lines = filledIn(cells) > 1 ? (drawnLines(cells, page, Infinity) ?? []) : [];
    const isProse = readAsProse(lines);
    if (!isProse && filledIn(cells) > 1) break;
    found.push(isProse ? { cells, prose: textsOf(lines, cells).reduce(joined, '') } : { cells });
    if (isProse) end = found.length;
  }
  return found.slice(0, end);
}

/**
 * Returns a row, or the rows that it joins. Each of these has several cells, and one column has numbers
 * alone. Otherwise the words of one row may wrap.
 */
function rowsIn(cells: string[], page: SearchedPage): string[][] {
  if (!cells.some((cell) => NUMBERS.test(cell))) return [cells];
  const rows = (drawnLines(cells, page, MAX_FOREIGN_LINES) ?? []).map((line) => line.cells);
  const areWhole = rows.every((row) => filledIn(row) > 1);
  const areCounted = cells.some((_, column) => rows.every((row) => NUMBER.test(row[column] ?? '')));
  return rows.length > 1 && areWhole && areCounted ? rows : [cells];
}

/** Returns whether lines are prose in cells: a cut lies inside a piece, and most words are in long pieces. */
function areProse(lines: readonly DrawnLine[]): boolean {
  const prose = lines.filter(isProse);
  const isCut = prose.some(({ cells, pieces }) => filledIn(cells) > pieces.length);
  const others = lines.filter((line) => !isProse(line)).flatMap(({ pieces }) => pieces);
  const hasNumbers = others.some(({ text }) => NUMBER.test(text.trim()));
  return isCut && !hasNumbers && wordsIn(prose).length * 2 > wordsIn(lines).length;
}

/** Returns whether lines are parts of prose, because the reader has lost the lines between them. */
function areTorn(
  lines: readonly DrawnLine[],
  page: SearchedPage,
  isLost: (piece: PlacedText) => boolean,
): boolean {
  if (lines.length === 0 || page.budget.steps < 0) return false;
  const own = lines.flatMap(({ pieces }) => pieces);
  const known = new Set(own);
  const [left, right] = [
    Math.min(...own.map(({ box }) => box[0])),
    Math.max(...own.map(({ box }) => box[2])),
  ];
  const [top, bottom] = [
    Math.min(...own.map(({ box }) => box[1])),
    Math.max(...own.map(({ box }) => box[3])),
  ];
  const isBetween = ({ box }: PlacedText) =>
    box[0] < right && box[2] > left && box[1] > top && box[3] < bottom;
  const all = page.lines.flat();
  page.budget.steps -= all.length;
  const others = all.filter(({ piece }) => isBetween(piece) && !known.has(piece));
  const lost = others.filter(({ piece }) => isLost(piece));
  return lost.length >= Math.max(MIN_TORN, lines.length);
}

/** Returns whether a line is one piece of several words, maybe behind the mark of a note. */
function isProse({ pieces }: DrawnLine): boolean {
  const words = (pieces.at(-1)?.text ?? '').trim().split(/\s+/);
  const isMarked = pieces.length === 2 && !/\s/.test(pieces[0]?.text.trim() ?? '');
  const lettered = words.filter((word) => /\p{L}/u.test(word));
  const isLong = words.length >= MIN_WORDS && lettered.length >= words.length * MIN_LETTERED;
  return (pieces.length === 1 || isMarked) && isLong;
}

function wordsIn(lines: readonly DrawnLine[]): string[] {
  return lines.flatMap(({ pieces }) => pieces.flatMap(({ text }) => text.trim().split(/\s+/)));
}

function filledIn(cells: readonly string[]): number {
  return cells.filter((cell) => cell !== '').length;
}

/** Writes rows as paragraphs. One that begins with a small letter goes on with the one before. */
function paragraphsOf(rows: readonly Row[]): string {
  const texts = rows.map(({ prose, cells }) => escapeBlocks(prose ?? cells.join(' ').trim()));
  return texts
    .filter((text) => text !== '')
    .join('\n\n')
    .replace(/\n\n(?=\p{Ll})/gu, ' ');
}
