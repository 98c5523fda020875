import type { Collection } from 'chromadb';

import type { Metadata } from '../../contract/upload.ts';
import { OURS, type ChromaMetadata } from '../chunk-record.ts';

/**
 * Removes a key in an update of metadata. Chroma takes `null` as a removal, but its client leaves `null` out.
 * `JSON.stringify` writes NaN as `null`.
 */
const REMOVED = Number.NaN;

/** Replaces the custom metadata of stored chunks. It writes only the chunks that differ. A missing chunk stays missing. */
export async function updateChunks(collection: Collection, ids: string[], metadata: Metadata): Promise<void> {
  const stored = await collection.get({ ids, include: ['metadatas'] });
  const updates = stored.ids
    .map((id, i) => ({ id, changes: changesOf(stored.metadatas[i] ?? {}, metadata) }))
    .filter(({ changes }) => Object.keys(changes).length > 0);
  if (updates.length === 0) return;
  await collection.update({
    ids: updates.map(({ id }) => id),
    metadatas: updates.map(({ changes }) => changes),
  });
}

/** Returns the keys to set, and those to remove with the value {@link REMOVED}. */
function changesOf(stored: ChromaMetadata, metadata: Metadata): Metadata {
  const set = Object.entries(metadata).filter(([name, value]) => !OURS.has(name) && stored[name] !== value);
  const removed = Object.keys(stored).filter((name) => !OURS.has(name) && !Object.hasOwn(metadata, name));
  return Object.fromEntries([...set, ...removed.map((name) => [name, REMOVED] as const)]);
}
