import type { SearchRequest, SearchResponse } from '../../contract/search.ts';
import { DependencyError } from '../../errors.ts';
import type { KeywordIndex } from '../../keywords-client/keyword-index.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import type { CollectionModels } from '../collections/collection-models.ts';
import { collectionNotFound } from '../collections/collection-not-found.ts';
import { modelMismatch, takesModel } from '../collections/embedding-model.ts';
import type { DocumentRegistry } from '../registry.ts';
import type { VectorStore } from '../vector-store.ts';
import { hitsByMeaning, type EmbeddedQuery } from './by-meaning.ts';
import { fuse } from './fuse.ts';
import type { RankedHit } from './hit.ts';
import { keywordLeg, vectorLeg } from './legs.ts';
import { findLiveHits, MOST_TRIES, type Leg, type LiveHits } from './live-hits.ts';
import { traitsOf } from './model-traits.ts';
import { chooseHits, toResults, type FoundHit } from './results.ts';

/** Live hits that each leg takes at first. */
const LIVE_HITS = 200;

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
 * Finds the chunks that a query matches by its words, by its meaning, or by both, of live generations only. It refuses a query
 * by meaning if no document of the collection has its model, because vectors of two models are not comparable.
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
  const flags: Flags = {};
  const legs = await openLegs(tenant, request, services, flags, signal);
  const chosen = await findHits(legs, tenant, request, services, flags, signal);
  // Both stores keep a collection whose documents are deleted.
  if (chosen.length === 0 && !(await registry.hasAny(tenant, request.collection)))
    throw collectionNotFound(request.collection);
  return { results: await toResults(chosen, request, services, signal), ...flags };
}

/**
 * Finds the hits of the results. Copies of a passage count once, so that it may need more hits than there are results. It
 * repeats a search whose hits go meanwhile, because their document may have new chunks.
 */
async function findHits(
  legs: Legs,
  tenant: string,
  request: SearchRequest,
  services: SearchServices,
  flags: Flags,
  signal: AbortSignal,
): Promise<FoundHit[]> {
  let wanted = Math.max(LIVE_HITS, request.limit);
  for (let tries = 1; ;) {
    const { ranked, isAll } = await rank(legs, wanted, tenant, request, services, flags);
    const { chosen, gone } = await chooseHits(ranked, request, services, signal);
    if (gone > 0 && tries++ < MOST_TRIES) continue;
    const isCut = (ranked.at(-1)?.score ?? 0) < (request.min_score ?? -Infinity);
    if (chosen.length === request.limit || isAll || isCut) return chosen;
    wanted *= 4;
  }
}

/** Flags of the response. */
type Flags = Omit<SearchResponse, 'results'>;

/** The legs of a search. One that the mode does not have, or whose service is away, is absent. */
interface Legs {
  byMeaning?: Leg | undefined;
  byWords?: Leg | undefined;
  embedded?: EmbeddedQuery | undefined;
}

/** Makes the legs of the mode. */
async function openLegs(
  tenant: string,
  request: SearchRequest,
  services: SearchServices,
  flags: Flags,
  signal: AbortSignal,
): Promise<Legs> {
  const { mode } = request;
  const { keywords, vectors } = services;
  const onIncomplete = () => (flags.rebuilding = true);
  const byWords =
    mode === 'vector' ? undefined : keywordLeg(request, keywords, vectors, signal, onIncomplete);
  const embedded =
    mode === 'keyword'
      ? undefined
      : await embedQuery(tenant, request, services, signal).catch((error) =>
          degrade(error, tenant, request, services, flags),
        );
  const byMeaning = embedded && vectorLeg(request, embedded, vectors, signal);
  return { byMeaning, byWords, embedded };
}

/** Finds and orders the hits of all legs. */
async function rank(
  legs: Legs,
  wanted: number,
  tenant: string,
  request: SearchRequest,
  services: SearchServices,
  flags: Flags,
): Promise<{ ranked: RankedHit[]; isAll: boolean }> {
  const { embedded } = legs;
  const find = async (...some: (Leg | undefined)[]) =>
    findLiveHits(
      some.filter((leg) => leg !== undefined),
      wanted,
      services.registry,
    );
  if (legs.byMeaning && legs.byWords && embedded) {
    const both = await find(legs.byMeaning, legs.byWords).catch(async (error: unknown) => {
      await degrade(error, tenant, request, services, flags);
      // Does not ask again for what failed.
      delete legs[isMismatch(error) ? 'byMeaning' : 'byWords'];
    });
    if (both) {
      const [vector, keyword] = both as [LiveHits, LiveHits];
      return fuseLive(vector, keyword, embedded).catch(async (error: unknown) => {
        // It embeds only if the words have no hit.
        await degrade(error, tenant, request, services, flags);
        return { ranked: [], isAll: true };
      });
    }
  }
  const { byMeaning, byWords } = legs;
  const [{ hits, isAll }] = (await find(byMeaning ?? byWords)) as [LiveHits];
  const part = byMeaning ? 'vectorScore' : 'keywordScore';
  const lone = hits.map((hit) => ({ ...hit, [part]: hit.score }));
  if (request.mode !== 'hybrid') return { ranked: lone, isAll };
  return { ranked: byMeaning ? fuse(hits, [], 0) : fuse([], hits, 1), isAll };
}

/** Merges both legs. If no word of the query is in the collection, meaning alone decides. */
async function fuseLive(
  vector: LiveHits,
  keyword: LiveHits,
  embedded: EmbeddedQuery,
): Promise<{ ranked: RankedHit[]; isAll: boolean }> {
  if (keyword.hits.length === 0) {
    const { hits, isAll } = await hitsByMeaning(vector, embedded);
    return { ranked: fuse(hits, [], 0), isAll: isAll && keyword.isAll };
  }
  const ranked = fuse(vector.hits, keyword.hits, embedded.traits.keywordWeight);
  return { ranked, isAll: vector.isAll && keyword.isAll };
}

/**
 * Lets a hybrid search go on without one leg: if the caller allows it, or while a job embeds the collection again.
 * @throws the error otherwise
 */
async function degrade(
  error: unknown,
  tenant: string,
  { mode, collection, allow_degraded }: SearchRequest,
  { models }: SearchServices,
  flags: Flags,
): Promise<undefined> {
  if (!(error instanceof DependencyError) || flags.degraded || mode !== 'hybrid') throw error;
  const mayGoOn = isMismatch(error)
    ? (await models.reembeddingJob(tenant, collection)) !== undefined
    : allow_degraded && error.kind !== 'permanent';
  if (!mayGoOn) throw error;
  flags.degraded = true;
}

function isMismatch(error: unknown): boolean {
  return error instanceof DependencyError && error.code === 'embedding_mismatch';
}

/** Embeds the query. @throws {DependencyError} `embedding_mismatch` for a collection of another model */
async function embedQuery(
  tenant: string,
  { query, collection }: SearchRequest,
  { processor, models, keywordWeight }: SearchServices,
  signal: AbortSignal,
): Promise<EmbeddedQuery> {
  const [{ embeddings, model, dimensions }, held] = await Promise.all([
    processor.embed({ texts: [query] }, signal),
    models.read(tenant, collection),
  ]);
  const queryModel = { name: model, dimensions };
  if (!takesModel(held, queryModel)) throw modelMismatch(collection, held, queryModel);
  const [embedding] = embeddings as [number[]];
  const embed = async (texts: string[]) => (await processor.embed({ texts }, signal)).embeddings;
  return { text: query, embedding, model, traits: traitsOf(model, keywordWeight), embed };
}
