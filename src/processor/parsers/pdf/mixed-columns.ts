import type { PlacedText } from './annotations/pdf-fields.ts';
import { lettersIn, lettersOf } from './pdf-letters.ts';

/** Pieces of one line, from the left. */
type Row = readonly PlacedText[];

/** Fewest lines that a reader has joined across columns, and fewest of them with several words on both sides. */
const MIN_ROWS = 3;
const MIN_LONG_ROWS = 2;
/** Least gap between columns, in line heights. */
const MIN_GAP = 1;
/** Fewest words on each side of a gap. Labels and values have fewer, and belong together. */
const MIN_WORDS = 3;
/** Largest distance of the rows of one block, in line heights. */
const MAX_LEADING = 2;
/** Least share of lines that begin with a small letter. Lines of a list begin with a capital. */
const MIN_READ_ON = 0.3;

/** Writes prose column by column where a reader has joined its lines across the page. */
export function withoutMixedColumns(markdown: string, pieces: readonly PlacedText[]): string {
  const rows = rowsOf(pieces);
  const isLong = rows.map((row) => isJoined(markdown, row, MIN_WORDS));
  let text = markdown;
  for (let from = 0; from < rows.length; from++) {
    if (!isLong[from]) continue;
    let to = from;
    let mixed = 1;
    for (let next = from + 1; next < rows.length && areNear(rows[next - 1], rows[next]); next++) {
      if (!isLong[next] && !isJoined(markdown, rows[next] ?? [], 1)) continue;
      to = next;
      mixed++;
    }
    const long = isLong.slice(from, to + 1).filter(Boolean).length;
    if (mixed >= MIN_ROWS && long >= MIN_LONG_ROWS) text = parted(text, rows.slice(from, to + 1));
    from = to;
  }
  return text;
}

/** Groups pieces by line, from the top. */
export function rowsOf(pieces: readonly PlacedText[]): Row[] {
  const rows: PlacedText[][] = [];
  const upright = pieces.filter(({ text, rotation = 0 }) => rotation === 0 && text.trim() !== '');
  for (const piece of upright.toSorted((a, b) => a.box[1] + a.box[3] - b.box[1] - b.box[3])) {
    const [first] = rows.at(-1) ?? [];
    const isBeside = first && (piece.box[1] + piece.box[3]) / 2 < first.box[3];
    if (isBeside) rows.at(-1)?.push(piece);
    else rows.push([piece]);
  }
  return rows.map((row) => row.toSorted((a, b) => a.box[0] - b.box[0]));
}

/** Returns whether a text reads on from a piece to its neighbour behind a gap. Each has at least `minWords` words. */
function isJoined(markdown: string, row: Row, minWords: number): boolean {
  return row.some((left, index) => {
    const right = row[index + 1];
    if (!right || right.box[0] - left.box[2] < (left.box[3] - left.box[1]) * MIN_GAP) return false;
    const sides = [left.text.trim(), right.text.trim()];
    return sides.every((side) => side.split(/\s+/).length >= minWords) && markdown.includes(sides.join(' '));
  });
}

function areNear([upper]: Row = [], [lower]: Row = []): boolean {
  if (!upper || !lower) return false;
  return lower.box[1] - upper.box[1] < (upper.box[3] - upper.box[1]) * MAX_LEADING;
}

/** Writes a run of rows column by column, if the text has them row by row. */
function parted(markdown: string, run: readonly Row[]): string {
  const columns = columnsOf(run);
  const lines = columns.flatMap((column) => column.slice(1));
  const readsOn = lines.filter(({ text }) => /^\s*\p{Ll}/u.test(text)).length;
  if (columns.length < 2 || readsOn < lines.length * MIN_READ_ON) return markdown;
  const { letters, starts, ends } = lettersIn(markdown);
  const wanted = lettersOf(run.flatMap((row) => row.map(({ text }) => text)).join(' '));
  const at = letters.indexOf(wanted);
  const [start, end] = [starts[at], ends[at + wanted.length - 1]];
  if (start === undefined || end === undefined) return markdown;
  const signs = /^[^\s\p{L}\p{N}]*/u.exec(markdown.slice(end))?.[0].length ?? 0;
  const texts = columns.map((column) => column.reduce((text, piece) => joined(text, piece.text.trim()), ''));
  return [markdown.slice(0, start).trimEnd(), ...texts, markdown.slice(end + signs).trimStart()]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Joins lines as the first reader does, which deletes a hyphen at a line's end. */
export function joined(text: string, line: string): string {
  if (/\p{L}[-‐]$/u.test(text) && /^\p{Ll}/u.test(line)) return text.slice(0, -1) + line;
  return text === '' ? line : `${text} ${line}`;
}

/** Groups pieces into columns. A border is a gap that no line's text crosses. */
function columnsOf(run: readonly Row[]): PlacedText[][] {
  const columns: { right: number; pieces: PlacedText[] }[] = [];
  for (const piece of run.flat().toSorted((a, b) => a.box[0] - b.box[0])) {
    const [left, , right] = piece.box;
    const column = columns.at(-1);
    if (column && left < column.right + 1) {
      column.pieces.push(piece);
      column.right = Math.max(column.right, right);
    } else columns.push({ right, pieces: [piece] });
  }
  return columns.map(({ pieces }) => pieces.toSorted((a, b) => a.box[1] - b.box[1] || a.box[0] - b.box[0]));
}
