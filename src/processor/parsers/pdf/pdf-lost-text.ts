import type { PlacedText } from './annotations/pdf-fields.ts';
import { lettersIn, lettersOf } from './pdf-letters.ts';
import { pieceOf, withLost, type Piece } from './pdf-lost-places.ts';
import { RunningHeads } from './running-heads.ts';

type Size = readonly [width: number, height: number];

/** Share of a page's width or height at each edge that repeated text occupies. */
const EDGE = 0.12;
/** Smallest angle of slanted text, in degrees from the nearest right angle, as of a stamp. */
const MIN_SLANT = 2;
/** Tolerance for the places of heads, feet and slanted text, in points. */
const SAME_PLACE = 20;
/** Most pages of a document to remember, because its first pages tell. */
const MAX_HEADS = 10_000;
/** Most characters to take on each side of a piece, to complete its first and last word. */
const MAX_SIGNS = 8;
/** A piece is lost if it misses more than one letter in this number, because a table splits some words. */
const MAX_ABSENT = 4;
/** Most steps to compare a page's pieces with its text: a second. Larger pages are compared piece by piece. */
const MAX_STEPS = 1_000_000_000;

/** Finds the text of a document's pages that their Markdown lacks. */
export class LostText {
  /** Keys of the pieces at the edges of earlier pages. */
  readonly #heads = new Set<string>();
  readonly #running = new RunningHeads();

  /**
   * Completes a page's Markdown. It inserts each missing piece after its predecessor on the page. It does not repeat
   * text from the edge of an earlier page, and leaves out what the Markdown repeats of it.
   * @param placed all text on the page
   * @param size of the page, in points
   * @param reread reads the page with another reader, which keeps the words of turned text whole
   */
  async restore(
    markdown: string,
    placed: readonly PlacedText[],
    size: Size,
    reread: () => Promise<string>,
  ): Promise<string> {
    const heads = new Map(placed.map((piece) => [piece, headOf(piece, size)]));
    const written = lettersOf(placed.map(({ text }) => text).join(' ')).length;
    const read = lettersOf(markdown).length;
    let pieces: Piece[] = [];
    // Nearly every page is complete, and counting letters is fast.
    if (written !== read) {
      if (written * Math.max(written, read) > MAX_STEPS) return placed.map(({ text }) => text).join('\n');
      pieces = placed
        .map((piece) => pieceOf(piece, heads.get(piece)))
        .filter(({ letters }) => letters !== '');
    }
    const lost = findLost(markdown, pieces).filter(
      ({ head }) => head === undefined || !this.#heads.has(head),
    );
    for (const head of heads.values()) {
      if (head !== undefined && this.#heads.size < MAX_HEADS) this.#heads.add(head);
    }
    if (lost.some(({ turn }) => turn !== 0)) spell(lost, await reread());
    const whole = lost.length === 0 ? markdown : withLost(markdown, lost, pieces);
    const edges = placed.filter((piece) => heads.get(piece) !== undefined);
    return this.#running.without(whole, edges);
  }
}

/**
 * Returns the key of slanted text and of text in the head or foot. Pages share it if text and place agree. Numbers
 * may differ. A chart's label may stand anywhere in the margin.
 */
function headOf(
  { text, box: [left, top, right, bottom], rotation = 0 }: PlacedText,
  [width, height]: Size,
): string | undefined {
  const isSlanted = Math.abs(rotation - Math.round(rotation / 90) * 90) > MIN_SLANT;
  const isAtEdge = (from: number, to: number, all: number) => to <= all * EDGE || from >= all * (1 - EDGE);
  if (!isSlanted && !isAtEdge(top, bottom, height) && !isAtEdge(left, right, width)) return undefined;
  return `${text.replace(/\d+/g, '#')} ${Math.round(left / SAME_PLACE)} ${Math.round(top / SAME_PLACE)}`;
}

/**
 * Finds each piece in the Markdown, each letter for one piece only, and records its end.
 * @returns the pieces that are not there
 */
function findLost(markdown: string, pieces: readonly Piece[]): Piece[] {
  if (pieces.length === 0) return [];
  const { letters: all, ends } = lettersIn(markdown);
  let rest = all;
  const take = (letters: string): number | undefined => {
    const at = rest.indexOf(letters);
    if (at === -1) return undefined;
    const end = at + letters.length;
    rest = rest.slice(0, at) + ' '.repeat(letters.length) + rest.slice(end);
    return ends[end - 1];
  };
  // Starts with the longest pieces, so that a short one does not match inside another's word.
  for (const piece of longestFirst(pieces)) piece.end = take(piece.letters);
  // A table may split a line's words into several cells.
  const words = pieces
    .filter(({ end }) => end === undefined)
    .flatMap((piece) => piece.text.split(/\s+/).map((word) => ({ piece, letters: lettersOf(word) })));
  const missing = new Map<Piece, string>();
  for (const { piece, letters } of longestFirst(words)) {
    const end = take(letters);
    if (end === undefined) missing.set(piece, (missing.get(piece) ?? '') + letters);
    else piece.end = Math.max(piece.end ?? 0, end);
  }
  const lost = [...missing].filter(([{ letters }, absent]) => absent.length * MAX_ABSENT >= letters.length);
  const isLeft = leftOver(rest.replaceAll(' ', ''), lost.map(([, absent]) => absent).join(''));
  return lost.flatMap(([piece, absent]) => {
    if (Array.from(absent).filter(isLeft).length * 2 > absent.length) return [];
    piece.end = undefined;
    return [piece];
  });
}

/**
 * Returns a test for letters outside all pieces found, each letter once. A word cut at a line's end may leave parts.
 * If more letters are left than missed, the page repeats something.
 */
function leftOver(left: string, missed: string): (letter: string) => boolean {
  const counts = new Map<string, number>();
  if (left.length <= missed.length)
    for (const letter of left) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return (letter) => {
    const count = counts.get(letter) ?? 0;
    counts.set(letter, count - 1);
    return count > 0;
  };
}

function longestFirst<T extends { letters: string }>(pieces: readonly T[]): T[] {
  return pieces.toSorted((a, b) => b.letters.length - a.letters.length);
}

/** Takes the word boundaries of turned pieces from the other reader. */
function spell(lost: readonly Piece[], reread: string): void {
  const { letters, starts, ends } = lettersIn(reread);
  for (const piece of lost) {
    const at = piece.turn === 0 ? -1 : letters.indexOf(piece.letters);
    if (at === -1) continue;
    const [start = 0, end = 0] = [starts[at], ends[at + piece.letters.length - 1]];
    const before = /\S*$/.exec(reread.slice(Math.max(0, start - MAX_SIGNS), start))?.[0] ?? '';
    const after = /^\S*/.exec(reread.slice(end, end + MAX_SIGNS))?.[0] ?? '';
    piece.text =
      before.replace(/.*[\p{L}\p{N}]/u, '') + reread.slice(start, end) + after.replace(/[\p{L}\p{N}].*/u, '');
  }
}
