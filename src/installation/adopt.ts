import type { IdentityStores } from './identity-stores.ts';
import { InstallationError } from './installation-error.ts';

/** Stores whose id an operator can choose. */
export const SOURCES = ['blobs', 'redis', 'chroma'] as const;
export type Source = (typeof SOURCES)[number];

const TIMEOUT_MS = 30_000;

/**
 * Makes one store's installation id win in all three stores, and its folder the blob store. It changes no job,
 * document, original or chunk.
 * @returns one sentence per change; none if all stores agreed already
 * @throws {InstallationError} if that store has no id; the store's own error if it cannot be read
 */
export async function adoptInstallation(
  source: Source,
  { blobs, redis, chroma, places }: IdentityStores,
): Promise<string[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  // Reads all stores before it changes one, so that an unreachable store fails the command early.
  const [folder, record, inChroma] = await Promise.all([
    blobs.read().catch((error: unknown) => {
      if (source === 'blobs' || !(error instanceof InstallationError)) throw error;
      return undefined;
    }),
    redis.read(),
    chroma.call(signal, (client) => chroma.read(client)),
  ]);
  const id = { blobs: folder?.id, redis: record.id, chroma: inChroma }[source];
  if (id === undefined)
    throw new InstallationError(
      `${source} (${places[source]}) has no id that the others could adopt: name another store.`,
    );

  const changes: string[] = [];
  const note = (store: Source, before: string | undefined) =>
    changes.push(`${store} (${places[store]}): ${before ?? 'no id'} before, ${id} now.`);

  let store = folder?.store;
  if (folder?.id !== id) {
    store = (await blobs.replace(id)).store;
    note('blobs', folder?.id);
  }
  const prefix = record.prefixes?.get(id);
  if (record.id !== id || record.store !== store || prefix !== places.prefix) {
    await redis.replace(id, store as string);
    if (record.id !== id) note('redis', record.id);
    if (record.store !== store)
      changes.push(
        `The blob store is ${places.blobs} now (${store}), in place of ${record.store ?? 'none'}.`,
      );
    if (prefix !== undefined && prefix !== places.prefix)
      changes.push(`The REDIS_KEY_PREFIX of ${id} is "${places.prefix}" now, in place of "${prefix}".`);
  }
  if (inChroma !== id) {
    await chroma.call(signal, (client) => chroma.replace(client, id));
    note('chroma', inChroma);
  }
  return changes;
}
