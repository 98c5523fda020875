import { chunkId } from '../chunk-record.ts';
import type { FoundChunk } from './found-chunk.ts';

/** A chunk that one leg of a search found, of a live or dead generation. */
export interface Hit {
  documentId: string;
  generation: string;
  index: number;
  /** Cosine similarity, or BM25. */
  score: number;
  /** Absent until it is read from Chroma. */
  chunk?: FoundChunk | undefined;
}

/** A hit with its place in the order of results. */
export interface RankedHit extends Hit {
  /** Absent for a hit by words alone. */
  vectorScore?: number | undefined;
  /** Absent for a hit by meaning alone. */
  keywordScore?: number | undefined;
}

/** Returns the id under which both stores know a hit's chunk. */
export function idOf({ documentId, generation, index }: Hit): string {
  return chunkId(documentId, generation, index);
}
