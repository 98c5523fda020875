import type { Document } from '../../src/contract/documents.ts';
import { quantity } from './numbers.ts';

/** A sign of something unusual about a document. */
export interface DocumentMark {
  words: string;
  /** Decides the colour, see `.status`. */
  state: 'failed' | 'retrying' | 'processing';
  /** Explains the mark, and says what to do. */
  why: string;
}

/** Returns the marks of a document. */
export function marksOf({ missing_chunks, file_gone, metadata_pending }: Document): DocumentMark[] {
  const marks: DocumentMark[] = [];
  if (missing_chunks !== undefined)
    marks.push({
      words: `${quantity(missing_chunks, 'chunk')} missing`,
      state: 'failed',
      why: file_gone
        ? 'The vector store lost chunks, and the original is gone. Upload the document again.'
        : 'The vector store lost chunks. Sluice indexes the document again by itself within a minute.',
    });
  if (file_gone)
    marks.push({
      words: 'Original gone',
      state: 'failed',
      why: 'The store of the originals does not have this file. Replace the document to bring it back.',
    });
  if (metadata_pending)
    marks.push({
      words: 'Metadata pending',
      state: 'retrying',
      why: 'Searches may not find the document by its new metadata yet. Sluice tries again by itself.',
    });
  return marks;
}
