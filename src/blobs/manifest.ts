import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as v from 'valibot';

import { editTime } from '../jobs/model/edit-time.ts';
import type { JobPayload } from '../jobs/model/job-payload.ts';
import type { Idempotency } from '../jobs/model/idempotency.ts';
import { CHECKPOINT } from './blob-paths.ts';

/**
 * Describes a blob and its job. It stays beside the blob until the blob's deletion. From it alone a worker makes a job or
 * a document again that Redis or Chroma lost.
 */
export interface Manifest {
  job_id: string;
  tenant: string;
  payload: JobPayload;
  /** Idempotency key of the request, if the client sent one. */
  idempotency?: Idempotency | undefined;
  /** Key of the original that the job replaces. A sweep notes it as replaced if the job's worker could not. */
  replaces?: string | undefined;
  /** Run that a response has promised; absent for the first run. */
  run?: number;
  /** Time of the latest edit of the metadata (ms), which `payload` holds; absent for none. */
  edited_ms?: number;
}

/** System codes of a missing manifest. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']);
/** The time of an edit (ms); 0 for a value of another program. */
const EditTime = v.fallback(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.transform(editTime)), 0);
/** Fields that distinguish a manifest from another file. */
const ManifestShape = v.looseObject({
  job_id: v.string(),
  tenant: v.string(),
  payload: v.looseObject({ filename: v.string(), collection: v.string(), file_key: v.string() }),
  edited_ms: v.optional(EditTime),
});

/** Reads a manifest; `undefined` if it is missing or incomplete. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    // Other errors prove no absence. A sweep may delete an original without a manifest.
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ManifestShape), text);
  return parsed.success ? (parsed.output as unknown as Manifest) : undefined;
}

/** Makes a manifest keep the edit of the metadata in the one that it replaces, if Redis has lost that edit. */
export function withEditOf(found: Manifest | undefined, manifest: Manifest): Manifest {
  if (found?.edited_ms === undefined || found.edited_ms <= (manifest.edited_ms ?? 0)) return manifest;
  const { payload, edited_ms } = found;
  return { ...manifest, payload: { ...manifest.payload, metadata: payload.metadata }, edited_ms };
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
