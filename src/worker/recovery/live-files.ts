import { DEFAULT_TENANT } from '../../redis/keys.ts';
import type { RecoveryServices } from './recovery-services.ts';

/** Originals in use. No sweep may touch them, whatever other evidence there is. */
export interface LiveFiles {
  /** Document of each file key. */
  documents: ReadonlyMap<string, string>;
  /** File keys of jobs that have not ended. */
  jobs: ReadonlySet<string>;
}

/**
 * Reads the file keys of all documents and active jobs. It reads all of them, because another program may have made
 * several jobs of one file.
 * @param tenants whose documents to read, beside the default tenant's
 */
export async function readLiveFiles(
  { store, registry }: RecoveryServices,
  tenants: Iterable<string>,
): Promise<LiveFiles> {
  // Reads the jobs first, because a job that completes meanwhile is then found as a document.
  const jobs = await store.activeFiles();
  const documents = new Map<string, string>();
  for (const tenant of new Set([DEFAULT_TENANT, ...tenants]))
    for await (const { id, fileKey } of registry.fileKeys(tenant)) documents.set(fileKey, id);
  return { documents, jobs };
}
