import { readWhole } from '../app/route.ts';
import type { Document } from '../../src/contract/documents.ts';
import { isImage, isPdf } from '../wording/documents.ts';

const SHOWN = ['text', 'original', 'chunks'] as const;
export type Shown = (typeof SHOWN)[number];

/** The part of a document that the address names. */
export interface Place {
  shown: Shown;
  /** Index of the chunk whose passage is marked. */
  chunk: number | undefined;
  /** Page of the original, from 1. */
  page: number | undefined;
}

/** Reads the place from the address. By default PDFs and images that browsers decode show their original, others their text. */
export function placeOf(query: Readonly<Record<string, string>>, document: Document): Place {
  const byKind = isPdf(document) || isImage(document) ? 'original' : 'text';
  const { view, chunk, page } = query;
  return {
    shown: SHOWN.find((shown) => shown === view) ?? byKind,
    chunk: readWhole(chunk, 0, document.chunk_count - 1),
    page: readWhole(page, 1, Number.MAX_SAFE_INTEGER),
  };
}
