import type { DocumentRegistry } from '../documents/registry.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { DEFAULT_TENANT } from '../redis/keys.ts';

/** Which originals are in use: no sweep may touch them, whatever else speaks against them. */
export interface LiveFiles {
  /** The document that each file key belongs to. */
  documents: ReadonlyMap<string, string>;
  /** File keys of jobs that have not ended. */
  jobs: ReadonlySet<string>;
}

/**
 * Reads the file keys of all documents and active jobs. Another program may have made several of one file, so no look
 * at one job or document is enough.
 * @param tenants whose documents to read, beside the default tenant's
 */
export async function readLiveFiles(
  { store, registry }: { store: JobStore; registry: DocumentRegistry },
  tenants: Iterable<string>,
): Promise<LiveFiles> {
  // The jobs come first: one that completes meanwhile is then found as a document.
  const jobs = await store.activeFiles();
  const documents = new Map<string, string>();
  for (const tenant of new Set([DEFAULT_TENANT, ...tenants]))
    for await (const { id, fileKey } of registry.fileKeys(tenant)) documents.set(fileKey, id);
  return { documents, jobs };
}
