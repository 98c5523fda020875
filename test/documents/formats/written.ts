import { wordsOf, type Block } from '../text/manuscript.ts';

/** A document, and what it says. */
export interface Written {
  bytes: Uint8Array;
  /** The words of each page in reading order; a document without pages is one. */
  pages: readonly string[];
}

/** A document without pages, that is made of these blocks. */
export function written(bytes: Uint8Array | string, blocks: readonly Block[]): Written {
  return saying(bytes, blocks.map(wordsOf).join('\n'));
}

/** A document without pages. */
export function saying(bytes: Uint8Array | string, words: string): Written {
  return { bytes: Buffer.from(bytes), pages: [words] };
}
