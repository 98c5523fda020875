import { withoutTables } from './lines.ts';
import { readStory } from './story.ts';
import type { WordDocument } from './word-document.ts';

/** Words that stand beside the number of a page, in the languages of most documents. */
const PAGE_WORDS = new Set(
  'page pages of seite von blatt página pagina de di da do pag pág p pg s sur sida side av af strona z sivu strana стр страница из trang sayfa'.split(
    ' ',
  ),
);
const EASTERN_PAGE_WORDS = /^(?:[第頁页共]|ページ)+$/;

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
      const pieces = text.split(/\s*[\t\n]\s*/).filter(hasWords);
      return pieces.length > 0 ? [pieces.join(' ').replace(/\s+/g, ' ').trim()] : [];
    });
  }
}

/** Returns whether a text says more than the number of a page. */
function hasWords(text: string): boolean {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  return words.some((word) => !PAGE_WORDS.has(word) && !EASTERN_PAGE_WORDS.test(word));
}
