import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as v from 'valibot';

import type { JobPayload } from '../jobs/model/job-payload.ts';
import type { Idempotency } from '../jobs/model/idempotency.ts';
import { CHECKPOINT } from './blob-paths.ts';

/**
 * Acknowledges a blob. It stands beside the blob until the blob's deletion. It suffices to make the job, and so the
 * document, again if Redis or Chroma lost them.
 */
export interface Manifest {
  job_id: string;
  tenant: string;
  payload: JobPayload;
  /** The key that the client sent, if it did. */
  idempotency?: Idempotency | undefined;
  /** Run that a response has promised; absent for the first run. */
  run?: number;
}

/** System codes of a missing manifest. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);
/** Fields that distinguish a manifest from another file. */
const ManifestShape = v.looseObject({
  job_id: v.string(),
  tenant: v.string(),
  payload: v.looseObject({ filename: v.string(), collection: v.string(), file_key: v.string() }),
});

/** Reads a manifest; `undefined` unless it is there and whole. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    // Any other error is no absence: an original without a manifest may be deleted.
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ManifestShape), text);
  return parsed.success ? (parsed.output as unknown as Manifest) : undefined;
}

/** Replaces a manifest, durably and atomically. It writes a new file, because end notes share the old one. */
export async function replaceManifest(path: string, manifest: Manifest): Promise<void> {
  // Has a checkpoint's name, so that a sweep removes it if the process dies here.
  const temporary = `${path}.${randomUUID()}${CHECKPOINT}`;
  try {
    await writeFile(temporary, JSON.stringify(manifest), { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
