import type { Tombstone } from '../../jobs/transitions/tombstones.ts';
import { BlobNotFoundError } from '../../blobs/blob-paths.ts';
import { eachInLanes } from '../run/concurrently.ts';
import { readLiveFiles, type LiveFiles } from './live-files.ts';
import type { RecoveryServices } from './recovery-services.ts';

/** Interval in ms. Each sweep that finds a due tombstone reads the file keys of all documents. */
const INTERVAL_MS = 30_000;
const A_PAGE = 200;
/** Originals to delete at once. Each takes 3 ms, most of it waiting for the disk and Redis. */
const AT_ONCE = 8;
/** Delay in ms of a file that cannot be deleted. An operator must look after it. */
const PUT_OFF_MS = 60 * 60 * 1000;

/** Deletes the originals with a due tombstone. */
export class TombstoneSweep {
  readonly #services: RecoveryServices;
  #nextAt = 0;

  constructor(services: RecoveryServices) {
    this.#services = services;
  }

  /** Deletes all due originals, unless a sweep ran a moment ago or a backup runs. */
  async sweep(signal: AbortSignal): Promise<void> {
    if (performance.now() < this.#nextAt) return;
    this.#nextAt = performance.now() + INTERVAL_MS;
    const { tombstones, blobs } = this.#services;
    for (;;) {
      if (await tombstones.paused()) return;
      const due = await tombstones.due(A_PAGE);
      if (due.length === 0) return;
      const live = await readLiveFiles(
        this.#services,
        due.map(({ fileKey }) => fileKey.split('/')[0] as string),
      );
      const ended = await blobs.ended.ids();
      await eachInLanes(due, AT_ONCE, signal, (tombstone) => this.#take(tombstone, live, ended));
    }
  }

  /** Deletes an original, and drops its tombstone. */
  async #take(tombstone: Tombstone, live: LiveFiles, ended: ReadonlySet<string>): Promise<void> {
    const { tombstones, blobs, logger } = this.#services;
    const { jobId: job, fileKey: file } = tombstone;
    try {
      if (await this.#covers(tombstone, live, ended)) {
        await blobs.remove(file);
        logger.info('deleted an original whose job or document has ended', { job, file });
      } else {
        logger.info('an original is in use, so its tombstone is dropped', { job, file });
      }
    } catch (error) {
      // A file that cannot be deleted must not block the others.
      logger.warn('an original cannot be deleted and is put off', { job, file, error });
      await tombstones.putOff(tombstone, PUT_OFF_MS);
      return;
    }
    await tombstones.drop(tombstone);
  }

  /** Returns whether no document, no active job and no waiting upload needs the file. */
  async #covers(
    { jobId, fileKey }: Tombstone,
    { documents, jobs }: LiveFiles,
    ended: ReadonlySet<string>,
  ): Promise<boolean> {
    if (documents.has(fileKey) || jobs.has(fileKey)) return false;
    try {
      const owner = (await this.#services.blobs.manifest(fileKey))?.job_id;
      if (owner === undefined) return true;
      // A Redis from an older copy still has the tombstone of a run before the one that made a document.
      if (jobId !== '' && (await this.#services.blobs.ended.has(owner, 'completed'))) return false;
      return (jobId === '' || owner === jobId) && ended.has(owner);
    } catch (error) {
      if (error instanceof BlobNotFoundError) return false;
      throw error;
    }
  }
}
