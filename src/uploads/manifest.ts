import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

import type { JobPayload } from '../jobs/job-payload.ts';
import type { Idempotency } from '../jobs/job-queue.ts';

/** Stands beside a blob and makes it count: enough to queue its job again should Redis forget it. */
export interface Manifest {
  job_id: string;
  tenant: string;
  payload: JobPayload;
  /** The key that the client sent, if it did. */
  idempotency?: Idempotency | undefined;
  /** The run that somebody was promised; the first, where it is absent. */
  run?: number;
}

/** What tells a manifest from another file. */
const ManifestShape = v.looseObject({
  job_id: v.string(),
  tenant: v.string(),
  payload: v.looseObject({ filename: v.string(), collection: v.string(), file_key: v.string() }),
});

/** Reads a manifest; `undefined` unless it is there and whole. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    return v.safeParse(ManifestShape, manifest).success ? manifest : undefined;
  } catch {
    return undefined;
  }
}
