import type { SearchRequest, SearchResult } from '../contract/documents.ts';
import { AppError } from '../errors.ts';
import type { ProcessorClient } from '../processor-client/processor-client.ts';
import type { DocumentRegistry } from './registry.ts';
import type { FoundChunk, VectorStore } from './vector-store.ts';

/**
 * Results that the first query fetches beyond the limit, because dead generations stay in Chroma until their cleanup.
 */
const SPARE = 20;
const MOST_FETCHED = 10_000;

/**
 * Finds the chunks nearest in meaning to the query, of live generations only.
 * @returns at most `limit` results, best first
 * @throws {AppError} `collection_not_found`; {@link DependencyError} when the embedder or Chroma fails
 */
export async function search(
  request: SearchRequest,
  {
    processor,
    vectors,
    registry,
  }: { processor: ProcessorClient; vectors: VectorStore; registry: DocumentRegistry },
  signal: AbortSignal,
): Promise<SearchResult[]> {
  const { embeddings } = await processor.embed({ texts: [request.query] }, signal);
  const [embedding] = embeddings as [number[]];
  for (let fetch = request.limit + SPARE; ; fetch = Math.min(fetch * 4, MOST_FETCHED)) {
    const found = await vectors.query(request.collection, embedding, fetch, request.where, signal);
    if (!found) throw new AppError('collection_not_found', `There is no collection "${request.collection}".`);
    const live = await onlyLive(found, registry);
    // Fewer than asked for came back: there are no more, dead or alive.
    if (live.length >= request.limit || found.length < fetch || fetch >= MOST_FETCHED) {
      const best = live.slice(0, request.limit);
      return best.filter(({ score }) => score >= (request.min_score ?? -Infinity)).map(toResult);
    }
  }
}

async function onlyLive(found: FoundChunk[], registry: DocumentRegistry): Promise<FoundChunk[]> {
  const ids = [...new Set(found.map(({ documentId }) => documentId))];
  const generations = await registry.liveGenerations(ids);
  const live = new Map(ids.map((id, i) => [id, generations[i]]));
  return found.filter(({ documentId, generation }) => live.get(documentId) === generation);
}

function toResult(chunk: FoundChunk): SearchResult {
  const { text, score, documentId, filename, page, heading, context, start, end, chunk_index } = chunk;
  return { text, score, document_id: documentId, filename, page, heading, context, start, end, chunk_index };
}
