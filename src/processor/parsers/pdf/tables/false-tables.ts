import { stopwords } from '@orama/stopwords/english';

import { endOf, rowsOfTable, TABLE } from './table-markdown.ts';

/** Share of a table's rows that a reader has cut inside a piece of text. */
const MIN_CUT = 0.5;
/** Shares of cells and rows that read on as a sentence. Of real tables, a tenth does. */
const MIN_READ_ON = 0.35;
const MIN_ROWS_ON = 0.5;
/** Fewest rows and words a row of a table that may be prose. */
const MIN_ROWS = 3;
const MIN_WORDS = 6;

const FUNCTION_WORDS = new Set<string>(stopwords);

/**
 * Writes prose that a reader took for a table as a paragraph. A row is prose if a cut lies at an ordinary blank of one
 * piece, or if cells and rows read on as sentences.
 * @param pieces texts of the page's pieces, whose words are an ordinary blank apart
 */
export function withoutFalseTables(markdown: string, pieces: readonly string[]): string {
  // The separator keeps two pieces apart.
  const drawn = pieces.map((piece) => piece.replace(/\s+/g, ' ')).join('\n');
  return markdown.replace(TABLE, (table) => {
    const rows = rowsOfTable(table)
      .map((cells) => cells.filter((cell) => cell !== ''))
      .filter((cells) => cells.length > 0);
    if (!isCut(rows, drawn) && !readsOn(rows)) return table;
    const text = rows.map((cells) => cells.join(' ')).join(' ');
    return text + endOf(table);
  });
}

function isCut(rows: readonly string[][], drawn: string): boolean {
  const parted = rows.filter(({ length }) => length > 1);
  const cut = parted.filter((cells) =>
    pairsOf(cells).some(
      // Numbers of a narrow table may share a piece.
      ([left, right]) =>
        /[\p{L},;]$/u.test(left) && /^\p{Ll}/u.test(right) && drawn.includes(unescaped(`${left} ${right}`)),
    ),
  );
  // LiteParse also joins cells that stand close, but those of a table hold no sentences.
  const sentences = rows.filter((cells) =>
    cells.some((cell) => cell.split(' ').some((word) => FUNCTION_WORDS.has(word.toLowerCase()))),
  );
  return (
    parted.length >= MIN_ROWS &&
    cut.length >= parted.length * MIN_CUT &&
    sentences.length >= rows.length * MIN_CUT
  );
}

function readsOn(rows: readonly string[][]): boolean {
  const words = rows.flat().reduce((sum, cell) => sum + cell.split(' ').length, 0);
  if (rows.length < MIN_ROWS || words < rows.length * MIN_WORDS) return false;
  const cells = rows.flatMap(pairsOf);
  const cellsOn = cells.filter(([left, right]) => isFunctionWord(left, -1) || isFunctionWord(right, 0));
  const ends = pairsOf(rows.map((cells) => cells.join(' ')));
  const rowsOn = ends.filter(([row, next]) => /[^.!?:;]$/.test(row) && /^\p{Ll}/u.test(next));
  return cellsOn.length > cells.length * MIN_READ_ON && rowsOn.length > ends.length * MIN_ROWS_ON;
}

/** Returns whether a cell's first or last word is a function word. A capital begins a sentence, or a cell. */
function isFunctionWord(cell: string, index: 0 | -1): boolean {
  return FUNCTION_WORDS.has(cell.split(' ').at(index) ?? '');
}

function pairsOf<T>(list: readonly T[]): [T, T][] {
  return list.slice(1).map((next, index) => [list[index] as T, next]);
}

function unescaped(cell: string): string {
  return cell.replace(/\\([\\|*_])/g, '$1');
}
