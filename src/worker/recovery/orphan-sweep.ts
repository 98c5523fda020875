import type { Counter } from '@prometheus-io/client';

import type { StoredFiles } from '../../blobs/blob-listing.ts';
import { readLiveFiles } from './live-files.ts';
import type { ManifestRestoration } from './manifest-restoration.ts';
import type { RecoveryServices } from './recovery-services.ts';

const INTERVAL_MS = 60 * 60 * 1000;
/** Smallest age of an orphan, in ms. An upload takes less than a day. */
const MIN_AGE_MS = 24 * 60 * 60 * 1000;
/** Limits of one sweep. More orphans than both mean a mistake: the wrong store, or lost manifests. */
const MOST_ORPHANS = 100;
const MOST_ORPHANS_SHARE = 0.05;

interface OrphanSweepServices extends RecoveryServices {
  manifests: ManifestRestoration;
  /** Counts the originals moved to the trash. */
  trashed: Counter;
}

/**
 * Sweeps files that belong to no job and no document. It first restores missing manifests. It deletes only an upload
 * that was cut off, and moves an original that no store explains to the trash.
 */
export class OrphanSweep {
  readonly #services: OrphanSweepServices;
  readonly #trashDays: number;
  readonly #ttlMs: number;
  #nextAt = 0;

  /**
   * @param trashDays days that the trash keeps a file
   * @param ttlMs time that the note of a deletion stays
   */
  constructor(services: OrphanSweepServices, trashDays: number, ttlMs: number) {
    this.#services = services;
    this.#ttlMs = ttlMs;
    this.#trashDays = trashDays;
  }

  /** Sweeps the whole store, unless a sweep ran within the hour or a backup runs. */
  async sweep(signal: AbortSignal): Promise<void> {
    if (performance.now() < this.#nextAt) return;
    const { blobs, registry, tombstones, logger } = this.#services;
    if (await tombstones.paused()) return;
    const { orphans, originals, isEmpty } = await this.#find(signal);
    const most = Math.max(MOST_ORPHANS, originals * MOST_ORPHANS_SHARE);
    if (orphans.length > most) {
      logger.error(
        'too many files belong to no job and no document, so none is moved: check BLOB_STORE and the manifests in it',
        { orphans: orphans.length, most, originals },
      );
    } else {
      for (const orphan of orphans) {
        signal.throwIfAborted();
        await this.#remove(orphan, isEmpty);
      }
    }
    await blobs.ended.expireDeletions(this.#ttlMs, async ({ job_id, payload }) =>
      registry.ownsFile(payload.document_id ?? job_id, payload.file_key),
    );
    const days = await blobs.trash.expire(this.#trashDays);
    if (days.length > 0) logger.info('deleted days of the trash that are over', { days });
    this.#nextAt = performance.now() + INTERVAL_MS;
  }

  async #find(signal: AbortSignal): Promise<{ orphans: StoredFiles[]; originals: number; isEmpty: boolean }> {
    const { blobs, manifests } = this.#services;
    await manifests.adoptOlder();
    const ended = await blobs.ended.ids();
    const candidates: StoredFiles[] = [];
    const withCheckpoint: StoredFiles[] = [];
    let originals = 0;
    for await (const file of blobs.stored()) {
      signal.throwIfAborted();
      if (file.blob) originals++;
      // The note of an end is a second name of a complete manifest.
      const isKept = file.manifest && (ended.has(file.id) || (await blobs.manifest(file.key)));
      if (isKept && !file.checkpoint) continue;
      if ((await blobs.age(file)) >= MIN_AGE_MS) (isKept ? withCheckpoint : candidates).push(file);
    }
    await this.#removeCheckpoints(withCheckpoint);
    if (candidates.length === 0) return { orphans: [], originals, isEmpty: false };
    const live = await readLiveFiles(this.#services, new Set(candidates.map(({ tenant }) => tenant)));
    const orphans: StoredFiles[] = [];
    for (const file of candidates) {
      signal.throwIfAborted();
      if (live.jobs.has(file.key) || (await manifests.restore(file, live.documents.get(file.key)))) continue;
      orphans.push(file);
    }
    return { orphans, originals, isEmpty: live.documents.size === 0 && live.jobs.size === 0 };
  }

  /** Removes the checkpoints of documents without an active job. Redis has lost the job that would have removed one. */
  async #removeCheckpoints(files: readonly StoredFiles[]): Promise<void> {
    if (files.length === 0) return;
    const live = await readLiveFiles(this.#services, new Set(files.map(({ tenant }) => tenant)));
    for (const { key } of files)
      if (live.documents.has(key) && !live.jobs.has(key)) await this.#services.blobs.removeCheckpoint(key);
  }

  /** @param isEmpty true when Redis knows no document and no job: it may be the wrong one, so it explains nothing */
  async #remove(orphan: StoredFiles, isEmpty: boolean): Promise<void> {
    const { blobs, trashed, logger } = this.#services;
    const { key: file } = orphan;
    try {
      if (await blobs.wasCutOff(orphan)) {
        await blobs.remove(file);
        logger.info('deleted an upload that was cut off', { file });
      } else if (isEmpty) {
        logger.warn('no store explains a file, but Redis knows no document at all, so it stays', { file });
      } else {
        await blobs.moveToTrash(file);
        trashed.inc();
        logger.warn('no store explains a file, so it is in the trash', { file });
      }
    } catch (error) {
      // One that cannot be moved must not keep the others.
      logger.error('an unexplained file could not be moved', { file, error });
    }
  }
}
