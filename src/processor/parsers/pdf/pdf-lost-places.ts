import { escapeBlocks } from '../markdown-writer.ts';
import type { Box, PlacedText } from './annotations/pdf-fields.ts';
import { lettersOf } from './pdf-letters.ts';

/** A piece of a page's text, and its place in the page's Markdown. */
export interface Piece extends PlacedText {
  letters: string;
  /** Key of a piece that repeats at the edge of several pages. */
  head: string | undefined;
  /** Clockwise rotation in degrees, a multiple of 90. */
  turn: number;
  /** Its box after the page is turned upright. */
  frame: Box;
  /** Its end in the Markdown; undefined if the piece is lost. */
  end: number | undefined;
}

/** Lost pieces in a row. */
interface Group {
  last: Piece;
  text: string;
  /** Their offset in the Markdown, and the separator from the text around it. */
  offset: number;
  gap: string;
}

/** Largest distance of two lines in a paragraph, in line heights. */
const MAX_LEADING = 1.8;
/** Largest distance of two paragraphs in a column, in line heights. */
const MAX_COLUMN_GAP = 2.5;
/** Most steps to find the predecessors of lost pieces: a quarter of a second. */
const MAX_STEPS = 5_000_000;
const PARAGRAPH = '\n\n';
/** Blocks that must not take insertions. */
const CLOSED_BLOCK = /^\s*(?:\||#|[-*+] |\d+[.)] )/;
/** Most punctuation characters after a word. */
const MAX_SIGNS = 8;
const HYPHEN = /(?<=\p{Ll})[-\u00ad]\n(?=\p{Ll})/gu;

export function pieceOf(placed: PlacedText, head: string | undefined): Piece {
  const turn = (((Math.round((placed.rotation ?? 0) / 90) * 90) % 360) + 360) % 360;
  return {
    ...placed,
    letters: lettersOf(placed.text),
    head,
    turn,
    frame: turned(placed.box, turn),
    end: undefined,
  };
}

function turned([left, top, right, bottom]: Box, turn: number): Box {
  if (turn === 90) return [top, -right, bottom, -left];
  if (turn === 180) return [-right, -bottom, -left, -top];
  return turn === 270 ? [-bottom, left, -top, right] : [left, top, right, bottom];
}

/** Inserts lost pieces into a page's Markdown, each after its predecessor on the page. */
export function withLost(markdown: string, lost: readonly Piece[], pieces: readonly Piece[]): string {
  if (lost.length * pieces.length > MAX_STEPS)
    return [markdown, ...lost.map(({ text }) => escapeBlocks(text))].join('\n');
  const isLost = new Set(lost);
  const known = pieces.filter((piece) => piece.end !== undefined || isLost.has(piece));
  const groups = new Map<Piece, Group>();
  for (const piece of lost.toSorted(byLine)) {
    const before = predecessor(piece, known);
    const group = before && groups.get(before);
    if (before && group?.last === before) {
      group.text += gapBetween(before, piece) + escapeBlocks(piece.text);
      group.last = piece;
      groups.set(piece, group);
    } else {
      const place = group ? { offset: group.offset, gap: PARAGRAPH } : placeAfter(before, piece, markdown);
      groups.set(piece, { ...place, last: piece, text: escapeBlocks(piece.text) });
    }
  }
  let text = '';
  let from = 0;
  for (const { offset, gap, text: words } of [...new Set(groups.values())].toSorted(
    (a, b) => a.offset - b.offset,
  )) {
    text += markdown.slice(from, offset);
    text += (text === '' ? '' : gap) + words.replace(HYPHEN, '');
    from = offset;
    if (!/^(?:\n|$)/.test(markdown.slice(from, from + 1))) text += gap;
  }
  return text + markdown.slice(from).replace(/^ +/, '');
}

/** Compares by line down the page, then along the line; upright text first. */
function byLine({ turn, frame }: Piece, { turn: otherTurn, frame: other }: Piece): number {
  return turn - otherTurn || frame[1] + frame[3] - other[1] - other[3] || frame[0] - other[0];
}

/** Finds the piece before a lost one: on its line, else above it, else at the end of the column before. */
function predecessor(piece: Piece, pieces: readonly Piece[]): Piece | undefined {
  const [left, top, right, bottom] = piece.frame;
  const middle = (top + bottom) / 2;
  const earlier = pieces.filter((other) => other.turn === piece.turn && byLine(other, piece) < 0);
  const onLine = last(
    earlier.filter(
      ({ frame }) => frame[3] > middle && frame[2] <= left + 1 && left - frame[2] < bottom - top,
    ),
    ({ frame }) => frame[2],
  );
  const above = last(
    earlier.filter(({ frame }) => frame[3] <= middle && frame[0] < right && frame[2] > left),
    ({ frame }) => frame[3],
  );
  if (onLine) return onLine;
  if (piece.turn !== 0) return above ?? (piece.head === undefined ? nearestAbove(piece, pieces) : undefined);
  const beginsColumn = above === undefined || above.frame[0] < left - (bottom - top);
  return (beginsColumn ? endOfColumnBefore(piece, above, pieces) : undefined) ?? above;
}

/** Finds the last piece of the column to the left of an upright piece, below the pieces above both. */
function endOfColumnBefore(
  { box }: Piece,
  above: Piece | undefined,
  pieces: readonly Piece[],
): Piece | undefined {
  const [left, top, , bottom] = box;
  const toTheLeft = pieces.filter(
    ({ turn, end, box: other }) =>
      turn === 0 && end !== undefined && other[2] <= left && other[1] >= (above?.box[3] ?? 0) - 1,
  );
  const first = last(
    toTheLeft.filter(({ box: other }) => other[1] < bottom && other[3] > top),
    (other) => other.box[2],
  );
  if (!first) return undefined;
  const column = toTheLeft.filter((other) => other.box[0] < first.box[2] && other.box[2] > first.box[0]);
  return column.toSorted(byLine).reduce((found, next) => {
    const gap = next.box[1] - found.box[3];
    return byLine(next, found) > 0 && gap < (bottom - top) * MAX_COLUMN_GAP ? next : found;
  }, first);
}

/** Finds the upright piece beside or above a turned one. */
function nearestAbove(piece: Piece, pieces: readonly Piece[]): Piece | undefined {
  const middle = ({ box: [, top, , bottom] }: Piece) => (top + bottom) / 2;
  return last(
    pieces.filter((other) => other.turn === 0 && middle(other) <= middle(piece)),
    middle,
  );
}

function last(pieces: readonly Piece[], order: (piece: Piece) => number): Piece | undefined {
  return pieces.reduce<Piece | undefined>(
    (found, piece) => (found && order(found) > order(piece) ? found : piece),
    undefined,
  );
}

/** Finds the offset after a piece: within its paragraph, or behind its block. */
function placeAfter(
  before: Piece | undefined,
  piece: Piece,
  markdown: string,
): Pick<Group, 'offset' | 'gap'> {
  if (before?.end === undefined) return { offset: piece.turn === 0 ? 0 : markdown.length, gap: PARAGRAPH };
  const { end } = before;
  const isCode = (markdown.slice(0, end).match(/^```/gm) ?? []).length % 2 === 1;
  const block = markdown.slice(markdown.lastIndexOf(PARAGRAPH, end) + 1, end);
  if (piece.turn === 0 && !isCode && !CLOSED_BLOCK.test(block)) {
    const signs = /^[^\s\p{L}\p{N}]*/u.exec(markdown.slice(end, end + MAX_SIGNS))?.[0].length ?? 0;
    return { offset: end + signs, gap: gapBetween(before, piece) === PARAGRAPH ? PARAGRAPH : '\n' };
  }
  const stop = isCode ? '\n```' : PARAGRAPH;
  const at = markdown.indexOf(stop, end);
  const fence = isCode ? stop.length : 0;
  return { offset: at === -1 ? markdown.length : at + fence, gap: PARAGRAPH };
}

/** Chooses the separator of two pieces: one line, one paragraph, or two blocks. */
function gapBetween(
  { frame: [, top, , bottom] }: Piece,
  { frame: [, nextTop, , nextBottom] }: Piece,
): string {
  const height = Math.max(bottom - top, nextBottom - nextTop);
  const leading = (nextTop + nextBottom - top - bottom) / 2;
  if (Math.abs(leading) < height / 2) return ' ';
  return leading > 0 && leading <= height * MAX_LEADING ? '\n' : PARAGRAPH;
}
