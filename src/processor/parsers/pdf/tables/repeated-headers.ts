import { escapeBlocks } from '../../markdown-writer.ts';
import type { PlacedText } from '../annotations/pdf-fields.ts';
import { joined, rowsOf } from '../mixed-columns.ts';

/** Matches a table's header in Markdown, above its row of dashes. */
const HEADER = /^\|(.*)\|[ \t]*\n(?=\|(?:\s*:?-+:?\s*\|)+[ \t]*$)/gm;
/** Fewest words of a title in the first cell. It may cover few columns. */
const TITLE_WORDS = 4;
/** Share of the cells that repeat another title. A label of some columns stands in fewer. */
const TITLE_SHARE = 0.5;
/** Most lines from a title to the columns below it. Prose may come between. */
const MAX_LINES = 20;
/** Largest distance of a title's lines, in line heights. */
const MAX_LEADING = 2;

/**
 * Writes the titles and labels above the columns of a table once. LiteParse repeats a title, and even the prose above
 * it, in each column's header.
 * @param pieces text of the page, with its places
 */
export function withoutRepeatedHeaders(markdown: string, pieces: readonly PlacedText[]): string {
  return markdown.replace(HEADER, (header, row: string) => {
    const cells = row.split(/(?<!\\)\|/).map(keyOf);
    const repeated = repeatedIn(cells, pieces);
    if (repeated.length === 0) return header;
    const filled = cells.filter((cell) => cell !== '').length;
    const titles = repeated.filter(({ text }) => {
      const isFirst = countIn(cells.slice(0, 1), text) > 0 && text.trim().split(/\s+/).length >= TITLE_WORDS;
      return isFirst || countIn(cells, text) > filled * TITLE_SHARE;
    });
    const below = cells.map((cell) =>
      cell.slice(Math.max(0, ...titles.map(({ text }) => endIn(cell, text)))),
    );
    const above = cells.map((cell, index) => cell.slice(0, cell.length - (below[index]?.length ?? 0)));
    const own = repeated.reduce((rest, { text }) => keptOnce(rest, text), below);
    return `${titleOf(titles, above, pieces)}|${own.map((cell) => ` ${cell.trim()} `).join('|')}|\n`;
  });
}

/** Finds the pieces above several columns that stand in more cells than places of the page. */
function repeatedIn(cells: readonly string[], pieces: readonly PlacedText[]): PlacedText[] {
  const found = pieces.filter(({ text }) => hasWords(text) && countIn(cells, text) > 1);
  const texts = found.map(({ text }) => text);
  // Many pieces of a page may be equal.
  const places = new Map([...new Set(texts)].map((text) => [text, countIn(texts, text)]));
  const repeated = found.filter(({ text }) => countIn(cells, text) > (places.get(text) ?? 0));
  if (repeated.length === 0) return [];
  const rows = rowsOf(pieces);
  return repeated.filter((piece) => isAboveColumns(piece, rows));
}

/** Returns whether a text has several words. A single one may stand in several headers, and elsewhere on the page. */
function hasWords(text: string): boolean {
  return text.split(/\s/).filter((word) => /\p{L}{2}/u.test(word)).length > 1;
}

/** Returns whether a piece covers other pieces, not far below it, that stand beside each other. */
function isAboveColumns({ box }: PlacedText, rows: readonly (readonly PlacedText[])[]): boolean {
  const [left, top, right, bottom] = box;
  const below = rows.filter(([first]) => first !== undefined && first.box[1] > (top + bottom) / 2);
  const covered = below
    .slice(0, MAX_LINES)
    .flatMap((row) => row.filter((other) => other.box[0] < right && other.box[2] > left));
  return (
    Math.min(...covered.map((other) => other.box[2])) <= Math.max(...covered.map((other) => other.box[0]))
  );
}

function countIn(texts: readonly string[], piece: string): number {
  return texts.filter((text) => endIn(text, piece) > 0).length;
}

/** Returns the end of a piece's words in a text; 0 if they are not there. */
function endIn(text: string, piece: string): number {
  const key = keyOf(piece);
  const at = ` ${text} `.indexOf(` ${key} `);
  return at === -1 ? 0 : at + key.length;
}

/** Returns words with a blank between them, without the signs that Markdown escapes or marks emphasis with. */
function keyOf(text: string): string {
  return text.replace(/[*\\]/g, '').trim().replace(/\s+/g, ' ');
}

/** Keeps a label in a cell that has nothing else, or in the first that has it. */
function keptOnce(cells: readonly string[], label: string): string[] {
  const key = keyOf(label);
  const own = cells.findIndex((cell) => cell.trim() === key);
  const first = own === -1 ? cells.findIndex((cell) => endIn(cell, label) > 0) : own;
  return cells.map((cell, index) => {
    const end = endIn(cell, label);
    return index === first || end === 0 ? cell : cell.slice(0, end - key.length) + cell.slice(end);
  });
}

/** Writes the lines above a table as a paragraph: its title, and lines around it. The cells hold them in parts. */
function titleOf(
  titles: readonly PlacedText[],
  above: readonly string[],
  pieces: readonly PlacedText[],
): string {
  if (titles.length === 0) return '';
  const bottom = Math.max(...titles.map(({ box }) => (box[1] + box[3]) / 2));
  let top = Math.min(...titles.map(({ box }) => box[1]));
  const lines: PlacedText[][] = [];
  for (const row of rowsOf(pieces).toReversed()) {
    const parts = row.filter(({ text, box }) => box[1] < bottom && countIn(above, text) > 0);
    const [first] = parts;
    if (!first || first.box[1] < top - (first.box[3] - first.box[1]) * MAX_LEADING) continue;
    top = Math.min(top, first.box[1]);
    lines.unshift(parts);
  }
  const text = lines.flat().reduce((title, piece) => joined(title, piece.text.trim()), '');
  return `${escapeBlocks(text)}\n\n`;
}
