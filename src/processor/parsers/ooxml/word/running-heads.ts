import { runningLine } from '../../blocks/page-number.ts';
import { withoutTables } from './lines.ts';
import { readStory } from './story.ts';
import type { WordDocument } from './word-document.ts';

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
    const lines = withoutTables(readStory(this.#document, part, true)).map(({ text }) => runningLine(text));
    return lines.filter((line) => line !== '');
  }
}
