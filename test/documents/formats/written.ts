import { wordsOf, type Block } from '../text/manuscript.ts';

/** A document and its text. */
export interface Written {
  bytes: Uint8Array;
  /** Words of each page in reading order. A document without pages counts as one page. */
  pages: readonly string[];
}

/** Describes a document without pages that consists of these blocks. */
export function written(bytes: Uint8Array | string, blocks: readonly Block[]): Written {
  return saying(bytes, blocks.map(wordsOf).join('\n'));
}

/** Describes a document without pages. */
export function saying(bytes: Uint8Array | string, words: string): Written {
  return { bytes: Buffer.from(bytes), pages: [words] };
}
