import type { SearchRequest, SearchResult } from '../contract/search.ts';
import { AppError } from '../errors.ts';
import type { ProcessorClient } from '../processor-client/processor-client.ts';
import type { CollectionModels } from './collections/collection-models.ts';
import { modelMismatch, takesModel } from './collections/embedding-model.ts';
import type { DocumentRegistry } from './registry.ts';
import type { FoundChunk, VectorStore } from './vector-store.ts';

/**
 * Results that the first query fetches beyond the limit, because dead generations stay in Chroma until their cleanup.
 */
const SPARE = 20;
const MOST_FETCHED = 10_000;
/** Queries of one search while uploads replace the documents that it finds. */
const MOST_TRIES = 4;

/**
 * Finds the chunks nearest in meaning to the query, of live generations only. It refuses a query whose model no document of
 * the collection has, because vectors of two models are not comparable.
 * @returns at most `limit` results, best first
 * @throws {AppError} `collection_not_found` if the tenant has no document in it
 * @throws {DependencyError} `embedding_mismatch`; another code when the embedder or Chroma fails
 */
export async function search(
  tenant: string,
  request: SearchRequest,
  {
    processor,
    vectors,
    registry,
    models,
  }: {
    processor: ProcessorClient;
    vectors: VectorStore;
    registry: DocumentRegistry;
    models: CollectionModels;
  },
  signal: AbortSignal,
): Promise<SearchResult[]> {
  const [{ embeddings, model, dimensions }, held] = await Promise.all([
    processor.embed({ texts: [request.query] }, signal),
    models.read(tenant, request.collection),
  ]);
  const queryModel = { name: model, dimensions };
  if (!takesModel(held, queryModel)) throw modelMismatch(request.collection, held, queryModel);
  const [embedding] = embeddings as [number[]];
  for (let fetch = request.limit + SPARE; ; fetch = Math.min(fetch * 4, MOST_FETCHED)) {
    const query = () => vectors.query(request.collection, embedding, fetch, request.where, signal);
    const { found, live } = await inOneState(query, request.collection, registry);
    // Fewer than asked for came back: there are no more, dead or alive.
    if (live.length >= request.limit || found.length < fetch || fetch >= MOST_FETCHED) {
      // Chroma keeps a collection whose documents are deleted.
      if (live.length === 0 && !(await registry.hasAny(tenant, request.collection)))
        throw notFound(request.collection);
      const best = live.slice(0, request.limit);
      return best.filter(({ score }) => score >= (request.min_score ?? -Infinity)).map(toResult);
    }
  }
}

/**
 * Queries Chroma, and drops the chunks of dead generations. A document may be replaced between the two. Its former chunks
 * are dead then, and the query may have come before the new ones. So a dropped chunk of a live document repeats the query,
 * until the live generations stay the same.
 */
async function inOneState(
  query: () => Promise<FoundChunk[] | undefined>,
  collection: string,
  registry: DocumentRegistry,
): Promise<{ found: FoundChunk[]; live: FoundChunk[] }> {
  let before = '';
  for (let tries = 1; ; tries++) {
    const found = await query();
    if (!found) throw notFound(collection);
    const ids = [...new Set(found.map(({ documentId }) => documentId))];
    const generations = await registry.liveGenerations(ids);
    const byId = new Map(ids.map((id, i) => [id, generations[i]]));
    const live = found.filter(({ documentId, generation }) => byId.get(documentId) === generation);
    const registered = found.map(({ documentId }) => byId.get(documentId)).filter(Boolean);
    const state = JSON.stringify([...byId].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    if (live.length === registered.length || state === before || tries === MOST_TRIES) return { found, live };
    before = state;
  }
}

function notFound(collection: string): AppError {
  return new AppError('collection_not_found', `There is no collection "${collection}".`);
}

function toResult(chunk: FoundChunk): SearchResult {
  const { text, score, documentId, filename, page, heading, context, start, end, chunk_index } = chunk;
  return { text, score, document_id: documentId, filename, page, heading, context, start, end, chunk_index };
}
