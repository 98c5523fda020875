import { MAX_KEYWORD_HITS } from '../../contract/services/keywords.ts';
import type { DocumentRegistry } from '../registry.ts';
import type { Hit } from './hit.ts';

/** Hits that the first query takes beyond those wanted, because dead generations stay in the stores until their cleanup. */
const SPARE = 20;
/** Most hits that a leg looks at, in one query. */
const MOST_HITS = MAX_KEYWORD_HITS;
/** Queries of one search while uploads replace the documents that it finds. */
export const MOST_TRIES = 4;

/** Hits of one leg, best first, after the caller's filter. */
export interface LegHits {
  /** Hits before the filter. Fewer than asked for mean that there are no more. */
  looked: number;
  hits: Hit[];
}

/** Finds the best hits of a leg, of live and dead generations. */
export type Leg = (count: number) => Promise<LegHits>;

/** Live hits of one leg, best first. */
export interface LiveHits {
  hits: Hit[];
  /** Whether the leg has no more, or may not look at more. */
  isAll: boolean;
}

/**
 * Finds the live hits of all legs in one state of the documents. It asks for more until each leg has enough.
 * @param wanted live hits of each leg
 */
export async function findLiveHits(
  legs: readonly Leg[],
  wanted: number,
  registry: Pick<DocumentRegistry, 'liveGenerations'>,
): Promise<LiveHits[]> {
  for (let count = wanted + SPARE; ; count *= 4) {
    const most = Math.min(count, MOST_HITS);
    const found = await inOneState(() => Promise.all(legs.map((leg) => leg(most))), registry);
    const isAll = ({ looked }: LegHits) => looked < most || most === MOST_HITS;
    if (found.every((one) => one.hits.length >= wanted || isAll(one)))
      return found.map((one) => ({
        hits: one.hits.slice(0, wanted),
        isAll: one.hits.length <= wanted && isAll(one),
      }));
  }
}

/**
 * Queries the stores, and drops the hits of dead generations. A document may be replaced between the two. Its former chunks
 * are dead then, and the query may have come before the new ones. So a dropped hit of a live document repeats the query,
 * until the live generations stay the same.
 */
async function inOneState(
  query: () => Promise<LegHits[]>,
  registry: Pick<DocumentRegistry, 'liveGenerations'>,
): Promise<LegHits[]> {
  let before = '';
  for (let tries = 1; ; tries++) {
    const legs = await query();
    const ids = [...new Set(legs.flatMap(({ hits }) => hits.map(({ documentId }) => documentId)))];
    const generations = await registry.liveGenerations(ids);
    const byId = new Map(ids.map((id, i) => [id, generations[i]]));
    const isLive = ({ documentId, generation }: Hit) => byId.get(documentId) === generation;
    const isReplaced = (hit: Hit) => byId.get(hit.documentId) !== undefined && !isLive(hit);
    const state = JSON.stringify([...byId].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const settled = !legs.some(({ hits }) => hits.some(isReplaced)) || state === before;
    if (settled || tries === MOST_TRIES)
      return legs.map(({ looked, hits }) => ({ looked, hits: hits.filter(isLive) }));
    before = state;
  }
}
