import type { Collection, Where } from 'chromadb';

import type { Chunk } from '../../contract/documents.ts';
import { textOf, toChunk, type ChromaMetadata } from '../chunk-record.ts';

/** A chunk of a search, with its document. */
export interface FoundChunk extends Chunk {
  documentId: string;
  generation: string;
  filename: string;
}

type Filter = Record<string, unknown> | undefined;

/**
 * Finds the ids of the chunks nearest to an embedding, best first. A score is the cosine similarity. Leaves out texts and
 * metadata, because Chroma takes most of a query's time to read them, and few of the hits become results.
 */
export async function findNearest(
  collection: Collection,
  embedding: number[],
  limit: number,
  where: Filter,
): Promise<{ id: string; score: number }[]> {
  const { ids, distances } = await collection.query({
    queryEmbeddings: [embedding],
    nResults: limit,
    include: ['distances'],
    ...filterBy(where),
  });
  return (ids[0] ?? []).map((id, i) => ({ id, score: 1 - (distances[0]?.[i] ?? 1) }));
}

/** Reads chunks by their ids. It leaves out unknown ones, and those that the filter excludes. */
export async function findById(
  collection: Collection,
  ids: string[],
  where: Filter,
): Promise<Map<string, FoundChunk>> {
  const found = await collection.get({ ids, include: ['documents', 'metadatas'], ...filterBy(where) });
  return new Map(found.ids.map((id, i) => [id, toFoundChunk(id, found.documents[i], found.metadatas[i])]));
}

/** Chroma refuses an empty filter. */
function filterBy(where: Filter): { where?: Where } {
  return where && Object.keys(where).length > 0 ? { where: where as Where } : {};
}

function toFoundChunk(
  id: string,
  text: string | null | undefined,
  metadata: ChromaMetadata | null | undefined,
): FoundChunk {
  const known = metadata ?? {};
  return {
    ...toChunk(id, text ?? '', known),
    documentId: textOf(known['document_id']),
    generation: textOf(known['generation']),
    filename: textOf(known['filename']),
  };
}
