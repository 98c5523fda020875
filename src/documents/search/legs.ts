import type { SearchRequest } from '../../contract/search.ts';
import type { KeywordIndex } from '../../keywords-client/keyword-index.ts';
import type { VectorStore } from '../vector-store.ts';
import { collectionNotFound } from '../collections/collection-not-found.ts';
import { parseChunkId } from '../chunk-record.ts';
import { idOf, type Hit } from './hit.ts';
import type { Leg } from './live-hits.ts';

/** Makes the leg that finds chunks by their meaning. @throws {AppError} `collection_not_found`, when it runs */
export function vectorLeg(
  { collection, where }: SearchRequest,
  embedded: { embedding: number[]; model: string },
  vectors: Pick<VectorStore, 'query'>,
  signal: AbortSignal,
): Leg {
  return async (count) => {
    const found = await vectors.query(collection, embedded, count, where, signal);
    if (!found) throw collectionNotFound(collection);
    const hits = found.flatMap(({ id, score }) => {
      const chunk = parseChunkId(id);
      return chunk ? [{ ...chunk, score }] : [];
    });
    return { looked: found.length, hits };
  };
}

/** Makes the leg that finds chunks by their words. Chroma filters its hits by the request's `where`. */
export function keywordLeg(
  { collection, query, where }: SearchRequest,
  keywords: Pick<KeywordIndex, 'query'>,
  vectors: Pick<VectorStore, 'find'>,
  signal: AbortSignal,
  onIncomplete: () => void,
): Leg {
  const documents = documentsOf(where);
  return async (count) => {
    const asked = { collection, query, limit: count, ...(documents && { documents }) };
    const { hits: matches, complete } = await keywords.query(asked, signal);
    if (!complete) onIncomplete();
    const looked = matches.length;
    const found = matches.map(({ document_id: documentId, ...rest }): Hit => ({ documentId, ...rest }));
    if (!where || Object.keys(where).length === 0) return { looked, hits: found };
    const chunks = await vectors.find(collection, found.map(idOf), where, signal);
    const hits = found.flatMap((hit) => {
      const chunk = chunks.get(idOf(hit));
      return chunk ? [{ ...hit, chunk }] : [];
    });
    return { looked, hits };
  };
}

/** Returns the documents that a filter names; `undefined` if it may match any. The index then filters by itself. */
function documentsOf(where: SearchRequest['where']): string[] | undefined {
  const asked: unknown = where?.['document_id'];
  if (typeof asked === 'string') return [asked];
  if (typeof asked !== 'object' || asked === null) return undefined;
  const { $eq, $in } = asked as { $eq?: unknown; $in?: unknown };
  if (typeof $eq === 'string') return [$eq];
  return Array.isArray($in) && $in.every((id) => typeof id === 'string') ? $in : undefined;
}
