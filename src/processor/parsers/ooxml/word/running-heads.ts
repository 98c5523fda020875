import { withoutTables } from './lines.ts';
import { readStory } from './story.ts';
import type { WordDocument } from './word-document.ts';

/** Words that stand beside the number of a page, in the languages of most documents. */
const PAGE_WORDS = new Set(
  'page pages of seite von blatt página pagina de di da do pag pág p pg s sur sida side av af strona z sivu strana стр страница из trang sayfa'.split(
    ' ',
  ),
);
const EASTERN_PAGE_WORDS = /^(?:[第頁页共]|ページ)+(?:[1-9]\d{0,3}(?:[第頁页共]|ページ)+)*$/;
/** Words and numbers, and the signs between them. */
const TOKEN = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu;
/** A number of a page, in digits or Roman. Longer ones, and those that begin with 0, number something else. */
const PAGE_NUMBER = /^(?:[1-9]\d{0,3}|x{0,3}(?:ix|iv|v?i{0,3}))$/;
const SEPARATOR = /^[-–—/.|]$/;

/** Reads the headers or footers of a document: each line once, without lines that only number the pages. */
export class RunningHeads {
  readonly #document: WordDocument;
  readonly #lines = new Set<string>();

  constructor(document: WordDocument) {
    this.#document = document;
  }

  /** Returns the lines of all parts of a kind that no part before has. */
  linesOf(kind: 'header' | 'footer'): string[] {
    const known = this.#lines.size;
    for (const part of this.#document.partsOf(kind))
      for (const line of this.#linesIn(part)) this.#lines.add(line);
    return [...this.#lines].slice(known);
  }

  #linesIn(part: string): string[] {
    return withoutTables(readStory(this.#document, part, true)).flatMap(({ text }) => {
      if (numbersPage(text)) return [];
      // A number alone beside words may belong to them.
      const pieces = text
        .split(/[\t\n]/)
        .filter((piece) => /^[\s\p{N}]+$/u.test(piece) || !numbersPage(piece));
      return [pieces.join(' ').trim().replace(/\s+/g, ' ')];
    });
  }
}

/** Returns whether a text says no more than the number of a page, and how many there are. */
function numbersPage(text: string): boolean {
  const tokens = text.toLowerCase().match(TOKEN) ?? [];
  const isWord = (token: string) =>
    PAGE_WORDS.has(token) || EASTERN_PAGE_WORDS.test(token) || SEPARATOR.test(token);
  const numbers = tokens.filter((token) => PAGE_NUMBER.test(token));
  return numbers.length <= 2 && tokens.every((token) => isWord(token) || PAGE_NUMBER.test(token));
}
