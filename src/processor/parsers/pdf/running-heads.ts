import type { PlacedText } from './annotations/pdf-fields.ts';
import { lettersOf } from './pdf-letters.ts';

/** Blocks at each end of a page that may be a running head or foot. */
const EDGE_BLOCKS = 3;
/** Text that only counts pages. A heading such as `Exercise 2` may also stand at one place of each page. */
const PAGE_NUMBER =
  /^\W*(?:(?:page|seite|p\.|página|pagina|стр\.)\s*)?\d+(?:\s*(?:of|\/|von|de|di|из)\s*\d+)?\W*$/iu;
/** Pages over which a head may be absent: it may stand on every second page. */
const MAX_DISTANCE = 2;
/** Tolerance for its place, in points. */
const SAME_PLACE = 5;

/** Finds the heads and feet that a document repeats. */
export class RunningHeads {
  /** Heads of the latest pages, the last page first. */
  readonly #latest: ReadonlySet<string>[] = [];

  /**
   * Removes heads and feet that stood at the same place of one of the last pages. A page keeps those that are its only
   * text, and what it says again elsewhere.
   * @param edges pieces at the edges of the page
   */
  without(markdown: string, edges: readonly PlacedText[]): string {
    const keys = new Set(edges.map(keyOf));
    const repeated = edges
      .filter((piece) => this.#latest.some((page) => page.has(keyOf(piece))))
      .map(({ text }) => lettersOf(text))
      .filter((letters) => letters !== '')
      .sort((a, b) => b.length - a.length);
    this.#latest.unshift(keys);
    this.#latest.splice(MAX_DISTANCE);
    if (repeated.length === 0) return markdown;
    const blocks = markdown.split(/\n{2,}/);
    const kept = blocks.filter((block, index) => {
      const isAtEdge = index < EDGE_BLOCKS || index >= blocks.length - EDGE_BLOCKS;
      return !isAtEdge || /^[|`]/.test(block) || !take(repeated, lettersOf(block));
    });
    return kept.some((block) => lettersOf(block) !== '') ? kept.join('\n\n') : markdown;
  }
}

/** Returns a key that pieces share if text and place agree. Page numbers stand left and right by turns. */
function keyOf({ text, box: [left, top] }: PlacedText): string {
  const line = Math.round(top / SAME_PLACE);
  return PAGE_NUMBER.test(text) ? `${line}` : `${line} ${Math.round(left / SAME_PLACE)} ${text}`;
}

/** Takes the pieces that make up a block from a list. @returns false, with the list unchanged, if others belong to it */
function take(pieces: string[], letters: string): boolean {
  let rest = letters;
  const left = pieces.filter((piece) => {
    const at = rest.indexOf(piece);
    if (at !== -1) rest = rest.slice(0, at) + rest.slice(at + piece.length);
    return at === -1;
  });
  if (letters === '' || rest !== '') return false;
  pieces.splice(0, pieces.length, ...left);
  return true;
}
