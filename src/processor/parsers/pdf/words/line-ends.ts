import { englishWords } from './english-words.ts';

const DASHES = '-‐‑–—';
/** Dash or hyphen at the end of a line. LiteParse writes every dash as a hyphen. */
const LINE_END = /(\p{L}+)[-‐‑–—]$/u;
/** Compound at the end of a line, such as `up-to-`. */
const COMPOUND_END = /\p{L}[-‐‑]\p{L}+[-‐‑]$/u;
const NUMBER_END = /\d[-‐‑–—]$/;
const LINE_START = /^\p{L}+/u;
const WORDS = /\p{L}+(?:-\p{L}+)*/gu;
/** Most words and lines of a document to remember. A book of 600 pages has 20,000 of each. */
const MAX_WORDS = 200_000;
/** Fewest letters of a half that is a word of its own. Shorter ones are syllables more often. */
const MIN_HALF = 3;
/** Words of two letters. No syllable of one letter is cut off, and hardly any of these. */
const SHORT_WORDS = new Set(
  'am an as at be by do go he if in is it me my no of on or so to up us we'.split(' '),
);
/** A prefix before the vowel with which it ends: `re-entry`, `co-operate`. */
const DOUBLE_VOWEL = /^(?:(?:re|pre|de)-e|(?:co|pro)-o|anti-i|semi-i)/u;

/** Words of a document, which tell what a hyphen at a line's end means. */
export class DocumentWords {
  /** Words inside lines, in lower case with ASCII hyphens. Those at the ends of lines may be halves. */
  readonly #words = new Set<string>();
  /** Lines whose words are not in the set yet. Most documents never need them. */
  #lines: string[] = [];

  /** Adds the words of lines. */
  add(lines: readonly string[]): void {
    if (this.#words.size >= MAX_WORDS || this.#lines.length >= MAX_WORDS) return;
    for (const line of lines) this.#lines.push(line);
  }

  /**
   * Puts back the hyphens and dashes that LiteParse has deleted at the ends of lines. It joins every two halves.
   * @param lines pieces of the page's text
   */
  async restore(markdown: string, lines: readonly string[]): Promise<string> {
    const ends = lines.filter((line) => DASHES.includes(line.at(-1) ?? ' '));
    if (ends.length === 0) return markdown;
    const lasts = new Map<string, boolean>();
    for (const line of ends) {
      const last = LINE_END.exec(line)?.[1];
      if (last !== undefined) lasts.set(last, COMPOUND_END.test(line));
    }
    // LiteParse joins no halves that begin with a digit or a capital, but leaves a blank.
    const digits = ends.some((line) => NUMBER_END.test(line));
    const numbered = digits ? markdown.replace(/(\d)[-‐‑–—] (?=\d)/g, '$1-') : markdown;
    if (lasts.size === 0) return numbered;
    const whole = numbered.replace(/(\p{L}+)[-‐‑–—] (?=\p{Lu})/gu, (text, last: string) =>
      lasts.has(last) ? `${last}-` : text,
    );
    const firsts = new Set(lines.flatMap((line) => LINE_START.exec(line)?.[0] ?? []));
    const decided = new Map<string, string>();
    const lengths = [...new Set(Array.from(lasts.keys(), ({ length }) => length))].sort((a, b) => a - b);
    for (const word of whole.match(/\p{L}{3,}/gu) ?? []) {
      for (const end of lengths) {
        if (end >= word.length) break;
        const half = word.slice(0, end);
        const isCompound = lasts.get(half);
        if (isCompound === undefined) continue;
        const rest = word.slice(end);
        if (!firsts.has(rest)) continue;
        if (isCompound || (await this.#keepsHyphen(half, rest))) decided.set(word, `${half}-${rest}`);
      }
    }
    return decided.size === 0 ? whole : whole.replace(/\p{L}{3,}/gu, (word) => decided.get(word) ?? word);
  }

  async #keepsHyphen(half: string, rest: string): Promise<boolean> {
    const [left, right] = [half.toLowerCase(), rest.toLowerCase()];
    const compound = `${left}-${right}`;
    if (this.#has(compound)) return true;
    if (!DOUBLE_VOWEL.test(compound) && !(await this.#areWords(left, right))) return false;
    return !this.#has(left + right);
  }

  #has(searched: string): boolean {
    for (const line of this.#lines) {
      const end = DASHES.includes(line.at(-1) ?? ' ') ? line.lastIndexOf(' ') + 1 : line.length;
      const words = line.slice(0, end).toLowerCase().replace(/[‐‑]/g, '-').match(WORDS) ?? [];
      for (const word of words) this.#words.add(word);
    }
    this.#lines = [];
    return this.#words.has(searched);
  }

  /** Returns whether both halves are words, and the whole is none. */
  async #areWords(left: string, right: string): Promise<boolean> {
    const isWord = await englishWords();
    if (isWord(left + right)) return false;
    return [left, right].every((word) =>
      word.length < MIN_HALF ? word.length === 1 || SHORT_WORDS.has(word) : isWord(word),
    );
  }
}
