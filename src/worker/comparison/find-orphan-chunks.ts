import type { ComparisonServices, Turn } from './comparison-services.ts';

/** Interval in seconds to check orphans again, because their documents may have returned. */
const AGAIN_SECONDS = 60 * 60;
/** Notes to read before the turn is extended. Each takes some 0.3 ms, and more on a network file system. */
const NOTES_AT_ONCE = 200;

/**
 * Checks all chunks in Chroma and the keyword index, unless a worker did so in this epoch. Redis may have lost the scripts'
 * marks of dead generations. Deletion needs evidence, so chunks of documents that Redis does not know stay. The note of a
 * document's deletion is evidence, because Redis may have lost the document together with its deletion.
 * @throws {DependencyError} when a store fails
 */
export async function findOrphanChunks(
  { redis, keys, blobs, vectors, keywords, cleanups, logger }: ComparisonServices,
  turn: Turn,
): Promise<void> {
  if ((await redis.get(keys.reconciled)) === turn.epoch) return;
  const deleted = new Set<string>();
  for await (const id of blobs.ended.deletedDocuments())
    if (deleted.add(id).size % NOTES_AT_ONCE === 0 && !(await turn.keep())) return;
  let dead = 0;
  const orphans = new Set<string>();
  for (const store of [vectors, keywords]) {
    for await (const generations of store.generations(turn.signal)) {
      // In another epoch the earlier claims are not yet known.
      if (!(await turn.keep())) return;
      const found = await cleanups.markDead(generations, deleted);
      dead += found.marked;
      for (const { collection, documentId, generation } of found.orphans)
        orphans.add(`${collection} ${documentId} ${generation}`);
    }
  }
  if (dead > 0) logger.warn('the stores held generations that are not live', { generations: dead });
  await redis.set(keys.orphans, orphans.size);
  if (orphans.size === 0) {
    await redis.set(keys.reconciled, turn.epoch);
    return;
  }
  logger.warn('the stores hold chunks of documents that Redis does not know; they stay', {
    generations: orphans.size,
  });
  await redis.set(keys.reconciled, turn.epoch, 'EX', AGAIN_SECONDS);
}
