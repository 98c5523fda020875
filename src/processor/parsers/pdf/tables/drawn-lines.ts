import type { PlacedText } from '../annotations/pdf-fields.ts';

/** A line of a page that a row of a table holds. */
export interface DrawnLine {
  /** Its words by column. */
  cells: string[];
  /** The pieces of text that make it up, from the left. */
  pieces: PlacedText[];
}

/** A piece of a page with its words. */
interface PageWords {
  piece: PlacedText;
  words: string[];
}

/** Most steps of the searches of one page. They take half a second. A step compares a word with a cell. */
export const MAX_STEPS = 20_000_000;

/** Steps that the searches of one page may still take together. */
export interface Budget {
  steps: number;
}

/** A page to search. */
export interface SearchedPage {
  /** Its pieces by line, from the top. */
  lines: readonly (readonly PageWords[])[];
  budget: Budget;
}

/** A column's edges, in points. */
type Range = [left: number, right: number];

/** Splits the pieces of lines into words once, because each row of each table looks for them. */
export function searchedPage(lines: readonly (readonly PlacedText[])[], budget: Budget): SearchedPage {
  return { lines: lines.map((line) => line.map((piece) => ({ piece, words: wordsOf(piece.text) }))), budget };
}

/**
 * Finds the fewest lines of the page that hold the words of a row's cells.
 * @param cells of the row, as text
 * @param maxForeign most lines among them with other words only
 * @param start the first line to look at
 * @returns undefined if no run of lines has exactly these words, or if the budget ends
 */
export function drawnLines(
  cells: readonly string[],
  page: SearchedPage,
  maxForeign: number,
  start = 0,
): DrawnLine[] | undefined {
  const words = cells.map(wordsOf);
  const firstWords = new Set(words.flatMap(([first]) => first ?? []));
  let best: DrawnLine[] | undefined;
  for (let from = start; from < page.lines.length; from++) {
    const line = page.lines[from] ?? [];
    page.budget.steps -= line.length + 1;
    if (page.budget.steps < 0) return undefined;
    if (!line.some(({ words: [first = ''] }) => firstWords.has(first))) continue;
    const found = linesFrom(from, words, page, maxForeign);
    // Other rows may hold the same numbers, a line further apart.
    if (found && (best === undefined || found.length < best.length)) best = found;
    if (best?.length === 1) break;
  }
  return best;
}

function linesFrom(
  from: number,
  cells: readonly (readonly string[])[],
  { lines, budget }: SearchedPage,
  maxForeign: number,
): DrawnLine[] | undefined {
  // The next word is the last, because a shift of a long array moves it.
  const left = cells.map((words) => words.toReversed());
  budget.steps -= cells.flat().length;
  const ranges: (Range | undefined)[] = cells.map(() => undefined);
  const found: DrawnLine[] = [];
  let foreign = 0;
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? [];
    // A line looks at each cell. Its pieces take their own steps.
    budget.steps -= cells.length + line.length;
    if (budget.steps < 0) return undefined;
    const drawn: DrawnLine = { cells: cells.map(() => ''), pieces: [] };
    let column = 0;
    for (const { piece, words } of line) {
      const taken = take(words, piece, column, left, ranges, budget);
      if (taken.length === 0) continue;
      for (const [cell, word] of taken) drawn.cells[cell] += drawn.cells[cell] === '' ? word : ` ${word}`;
      column = taken.at(-1)?.[0] ?? column;
      drawn.pieces.push(piece);
    }
    if (drawn.pieces.length > 0) found.push(drawn);
    else if (++foreign > maxForeign) return undefined;
    if (left.every(({ length }) => length === 0)) return found;
  }
  return undefined;
}

/**
 * Takes a piece's words from the beginnings of the cells. It takes none if the cells do not go on with the whole piece.
 * @returns the words with their columns
 */
function take(
  words: readonly string[],
  { box: [start, , end] }: PlacedText,
  from: number,
  left: string[][],
  ranges: (Range | undefined)[],
  budget: Budget,
): [column: number, word: string][] {
  const taken: [number, string][] = [];
  let column = from;
  for (const word of words) {
    budget.steps -= left.length - column;
    let next: number | undefined;
    for (let at = column; at < left.length; at++) {
      if (left[at]?.at(-1) !== word) continue;
      // A column that lies elsewhere may go on with the same word.
      const rating = ratingOf(ranges[at], start, end);
      if (next === undefined || rating > ratingOf(ranges[next], start, end)) next = at;
    }
    if (next === undefined) {
      for (const [at, other] of taken.toReversed()) left[at]?.push(other);
      return [];
    }
    left[next]?.pop();
    column = next;
    taken.push([next, word]);
  }
  const [first] = taken;
  if (first && taken.every(([at]) => at === first[0])) {
    const [low, high] = ranges[first[0]] ?? [start, end];
    ranges[first[0]] = [Math.min(low, start), Math.max(high, end)];
  }
  return taken;
}

/** Rates a column's range for a piece: 2 if they overlap, 1 if it is unknown, else 0. */
function ratingOf(range: Range | undefined, start: number, end: number): number {
  if (range === undefined) return 1;
  return range[0] < end && range[1] > start ? 2 : 0;
}

/** Splits a text into words, without the signs that Markdown escapes or marks emphasis with. */
function wordsOf(text: string): string[] {
  return text
    .replace(/[*\\]/g, '')
    .split(/\s+/)
    .filter((word) => word !== '');
}
