import type { Outcome } from '../../contract/job.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { End } from '../../blobs/ended-uploads.ts';
import type { Manifest } from '../../blobs/manifest.ts';
import type { RecoveryServices } from './recovery-services.ts';
import { eachInLanes } from '../run/concurrently.ts';
import { noteReplaced } from '../run/note-replaced.ts';
import { requeue } from './requeue.ts';

/** Interval of the sweep, in ms. Recovery is rare, and each manifest of a running job costs a read. */
const INTERVAL_MS = 10_000;
/**
 * Rest after a sweep, as a multiple of its time. Listing 100,000 documents takes 1 s, so it takes a twentieth of the
 * time. The work that a sweep does once for a manifest does not count, because it makes the next sweep shorter. For
 * example, 10,000 copies of one file take 30 s. With that time, the rest would be ten minutes.
 */
const REST = 20;
/** Ended jobs to settle at once. Each takes 3 ms, most of it waiting for the disk and Redis. */
const AT_ONCE = 8;
const MANIFESTS_A_READ = 200;
/** Least age of a manifest, in ms. An upload writes its manifest before its job, and may wait for Redis in between. */
const MIN_AGE_MS = 10_000;

/**
 * Time in ms until every upload under way is requeued, after a Redis that lost data is back. Larger stores take
 * longer.
 */
export const RECOVERED_WITHIN_MS = MIN_AGE_MS + INTERVAL_MS;

interface EndedManifest {
  manifest: Manifest;
  state: JobState;
  outcome: Outcome;
}

/**
 * Keeps the promise of an acknowledgement when Redis does not. It queues an upload again under the same id if
 * Redis does not know its job. The manifest must exist, and no note may record the job's end.
 */
export class UploadRecovery {
  readonly #services: RecoveryServices;
  #nextAt = 0;

  constructor(services: RecoveryServices) {
    this.#services = services;
  }

  /** Sweeps the manifests of all jobs whose end is not noted, unless a sweep ran a moment ago. */
  async sweep(signal: AbortSignal): Promise<void> {
    const began = performance.now();
    if (began < this.#nextAt) return;
    const { blobs, queue, store } = this.#services;
    let settling = 0;
    for await (const manifests of blobs.awaited(MANIFESTS_A_READ, MIN_AGE_MS)) {
      signal.throwIfAborted();
      const active: string[] = [];
      const unknown: Manifest[] = [];
      const ended: EndedManifest[] = [];
      const states = await store.readAll(manifests.map(({ job_id }) => job_id));
      for (const [i, manifest] of manifests.entries()) {
        const state = states[i];
        if (!state) unknown.push(manifest);
        else if (state.outcome) ended.push({ manifest, state, outcome: state.outcome });
        else active.push(manifest.job_id);
      }
      await queue.activate(active);
      const settlesFrom = performance.now();
      await eachInLanes(ended, AT_ONCE, signal, (one) => this.#finish(one));
      await this.#recover(unknown);
      settling += performance.now() - settlesFrom;
    }
    const ended = performance.now();
    this.#nextAt = ended + Math.max(INTERVAL_MS, REST * (ended - began - settling));
  }

  /** Recovers manifests without a job. An ended job left a document or a tombstone. Redis lost all others. */
  async #recover(manifests: readonly Manifest[]): Promise<void> {
    const { queue, registry, tombstones, epochs, logger } = this.#services;
    const dead = await tombstones.has(manifests);
    // A document's former original, or that of a deleted document, has a tombstone without a job. It covers every run.
    const replaced = await tombstones.has(manifests.map((manifest) => ({ ...manifest, job_id: '' })));
    for (const [i, manifest] of manifests.entries()) {
      const { job_id: job, payload, run: promised = 1 } = manifest;
      const completed = await registry.ownsFile(payload.document_id ?? job, payload.file_key);
      // The tombstone may belong to a run before the promised one.
      if (completed || replaced[i] || (dead[i] && promised === 1)) {
        const end = completed ? 'completed' : replaced[i] ? 'replaced' : 'failed';
        await this.#noteEnd(manifest, end, epochs.last.epoch);
      } else {
        logger.warn('Redis has lost an upload, and it is requeued', { job });
        await requeue(queue, manifest);
      }
    }
  }

  /** Settles a manifest whose job has ended: its worker was lost before the note, or Redis forgot a rerun. */
  async #finish({ manifest, state, outcome }: EndedManifest): Promise<void> {
    const { queue, store, tombstones, logger } = this.#services;
    const { job_id: job, tenant, run: promised = 1 } = manifest;
    if (state.run < promised && outcome !== 'completed') {
      logger.warn('Redis has lost the rerun of a job', { job, run: promised });
      await queue.rerun(job, state.run);
      return;
    }
    if (outcome === 'completed' && (await store.readUpload(tenant, job))?.isDuplicate) {
      await this.#noteEnd(manifest, 'duplicate', state.epoch);
      // Comes after the note, because a sweep deletes no file whose end is not noted.
      return tombstones.write(manifest, 0);
    }
    await this.#noteEnd(manifest, outcome, state.epoch);
  }

  /** Writes the note last. A sweep takes up every end without a note, so a crash before it loses nothing. */
  async #noteEnd({ job_id, payload, replaces }: Manifest, end: End, epoch: string): Promise<void> {
    const { blobs } = this.#services;
    const { file_key: key, document_id = job_id } = payload;
    await blobs.removeCheckpoint(key);
    if (end === 'completed' && replaces !== undefined)
      await noteReplaced(replaces, key, document_id, epoch, blobs);
    await blobs.ended.note(key, job_id, end, epoch);
  }
}
