import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { CHECKPOINT, isTenantFolder, MANIFEST } from './blob-paths.ts';
import { readManifest, type Manifest } from './manifest.ts';

/** Lists the files that a key has: its original, its manifest, its checkpoint. */
export interface StoredFiles {
  key: string;
  tenant: string;
  /** Last part of the key: the id of the job that an upload made. */
  id: string;
  blob: boolean;
  manifest: boolean;
  checkpoint: boolean;
}

/**
 * Lists the manifests of jobs that have not ended, a page at a time. It leaves out an incomplete manifest, because
 * its upload was cut off.
 * @param root the store's folder
 * @param ended ids of jobs whose end is noted
 * @param count manifests per page
 * @param minAgeMs leaves out younger manifests, because their upload may lack its response
 */
export async function* listAwaited(
  root: string,
  ended: ReadonlySet<string>,
  count: number,
  minAgeMs: number,
): AsyncGenerator<Manifest[]> {
  let page: Manifest[] = [];
  for (const tenant of await tenants(root)) {
    for (const name of await namesIn(join(root, tenant))) {
      // Most jobs have ended. Their names alone tell, so no file is read.
      if (!name.endsWith(MANIFEST) || ended.has(name.slice(0, -MANIFEST.length))) continue;
      const path = join(root, tenant, name);
      const age = await ageOf(path);
      // A date in the future means that the clock went back. Such an upload must not wait until the clock catches up.
      if (age === undefined || Math.abs(age) < minAgeMs) continue;
      const manifest = await readManifest(path);
      if (!manifest || ended.has(manifest.job_id)) continue;
      if (page.push(manifest) === count) {
        yield page;
        page = [];
      }
    }
  }
  if (page.length > 0) yield page;
}

/** Lists the contents of all tenants' folders by key. */
export async function* listStored(root: string): AsyncGenerator<StoredFiles> {
  for (const tenant of await tenants(root)) {
    const found = new Map<string, StoredFiles>();
    for (const name of await namesIn(join(root, tenant))) {
      const kind = name.endsWith(MANIFEST) ? 'manifest' : name.endsWith(CHECKPOINT) ? 'checkpoint' : 'blob';
      const id =
        kind === 'blob' ? name : name.slice(0, -(kind === 'manifest' ? MANIFEST : CHECKPOINT).length);
      const none = { key: `${tenant}/${id}`, tenant, id, blob: false, manifest: false, checkpoint: false };
      found.set(id, { ...(found.get(id) ?? none), [kind]: true });
    }
    yield* found.values();
  }
}

async function ageOf(path: string): Promise<number | undefined> {
  // Skips a file that its owner removed between the listing and the stat.
  const found = await stat(path).catch(() => undefined);
  return found && Date.now() - found.mtimeMs;
}

async function tenants(root: string): Promise<string[]> {
  return (await readdir(root)).filter(isTenantFolder);
}

/** Skips a file beside the tenants' folders. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR' || error.code === 'ENOENT') return [];
    throw error;
  });
}
