import type { SearchRequest, SearchResponse } from '../../contract/search.ts';
import { DependencyError } from '../../errors.ts';
import type { KeywordIndex } from '../../keywords-client/keyword-index.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import type { CollectionModels } from '../collections/collection-models.ts';
import { collectionNotFound } from '../collections/collection-not-found.ts';
import { modelMismatch, takesModel } from '../collections/embedding-model.ts';
import type { DocumentRegistry } from '../registry.ts';
import type { VectorStore } from '../vector-store.ts';
import { fuse } from './fuse.ts';
import type { RankedHit } from './hit.ts';
import { keywordLeg, vectorLeg } from './legs.ts';
import { findLiveHits, type Leg } from './live-hits.ts';
import { traitsOf } from './model-traits.ts';
import { toResults } from './results.ts';

export interface SearchServices {
  processor: ProcessorClient;
  vectors: VectorStore;
  keywords: KeywordIndex;
  registry: DocumentRegistry;
  models: CollectionModels;
  /** Share of the words in a hybrid score, set by the operator. */
  keywordWeight?: number | undefined;
}

/**
 * Finds the chunks that a query matches by its words, by its meaning, or by both, of live generations only. A query that
 * matches nothing gets no results. It refuses a query by meaning whose model no document of the collection has, because
 * vectors of two models are not comparable.
 * @returns at most `limit` results, best first
 * @throws {AppError} `collection_not_found` if the tenant has no document in it
 * @throws {DependencyError} `embedding_mismatch`; another code when the embedder, Chroma or the keyword index fails
 */
export async function search(
  tenant: string,
  request: SearchRequest,
  services: SearchServices,
  signal: AbortSignal,
): Promise<SearchResponse> {
  const { registry } = services;
  const said: Omit<SearchResponse, 'results'> = {};
  const ranked = await rank(tenant, request, services, said, signal);
  const results = await toResults(ranked, request, services, signal);
  // Both stores keep a collection whose documents are deleted.
  if (results.length === 0 && !(await registry.hasAny(tenant, request.collection)))
    throw collectionNotFound(request.collection);
  return { results, ...said };
}

/** Finds and orders the hits of both legs. @param said what the response says beside its results */
async function rank(
  tenant: string,
  request: SearchRequest,
  services: SearchServices,
  said: Omit<SearchResponse, 'results'>,
  signal: AbortSignal,
): Promise<RankedHit[]> {
  const { mode, limit } = request;
  const { registry, keywords, vectors, keywordWeight } = services;
  const degrade = (error: unknown) => {
    const isAway = error instanceof DependencyError && error.kind !== 'permanent';
    if (!isAway || said.degraded || mode !== 'hybrid' || !request.allow_degraded) throw error;
    said.degraded = true;
    return undefined;
  };
  const embedded =
    mode === 'keyword' ? undefined : await embed(tenant, request, services, signal).catch(degrade);
  const byMeaning = embedded && vectorLeg(request, embedded.embedding, vectors, signal);
  const byWords = keywordLeg(request, keywords, vectors, signal, () => (said.rebuilding = true));
  const find = async (...legs: Leg[]) => findLiveHits(legs, limit, registry);

  if (mode === 'keyword' || !byMeaning || !embedded) {
    const [hits = []] = await find(byWords);
    return hits.map((hit) => ({ ...hit, keywordScore: hit.score }));
  }
  const both = mode === 'hybrid' ? await find(byMeaning, byWords).catch(degrade) : undefined;
  const [vector = [], keyword] = both ?? (await find(byMeaning));
  if (!keyword) return vector.map((hit) => ({ ...hit, vectorScore: hit.score }));
  const { keywordWeight: weight, leastSimilarity } = traitsOf(embedded.model, keywordWeight);
  const similar = keyword.length > 0 ? vector : vector.filter(({ score }) => score >= leastSimilarity);
  return fuse(similar, keyword, weight);
}

/** Embeds the query. @throws {DependencyError} `embedding_mismatch` for a collection of another model */
async function embed(
  tenant: string,
  { query, collection }: SearchRequest,
  { processor, models }: SearchServices,
  signal: AbortSignal,
): Promise<{ embedding: number[]; model: string }> {
  const [{ embeddings, model, dimensions }, held] = await Promise.all([
    processor.embed({ texts: [query] }, signal),
    models.read(tenant, collection),
  ]);
  const queryModel = { name: model, dimensions };
  if (!takesModel(held, queryModel)) throw modelMismatch(collection, held, queryModel);
  const [embedding] = embeddings as [number[]];
  return { embedding, model };
}
