import type { JobState } from '../../jobs/model/job-view.ts';
import { BlobNotFoundError } from '../../blobs/blob-paths.ts';
import type { EndedUpload } from '../../blobs/ended-uploads.ts';
import type { Manifest } from '../../blobs/manifest.ts';
import { isLost, repeatEdit } from '../../documents/edits/lost-edit.ts';
import type { DocumentDeletion } from '../../jobs/transitions/document-deletion.ts';
import type { DocumentEdits } from '../../jobs/transitions/document-edits.ts';
import type { ManifestRestoration } from './manifest-restoration.ts';
import type { RecoveryServices } from './recovery-services.ts';
import { requeue } from './requeue.ts';

const A_READ = 200;

interface EndedRecoveryServices extends RecoveryServices {
  manifests: ManifestRestoration;
  deletion: DocumentDeletion;
  edits: DocumentEdits;
}

/**
 * Restores ended uploads after Redis lost writes, or all its data. It reindexes an unknown document under its job's id, and
 * repeats lost edits of metadata. It reruns failed jobs and repeats cancels, both only within the time that Redis would keep
 * the jobs.
 */
export class EndedRecovery {
  readonly #services: EndedRecoveryServices;
  readonly #ttlMs: number;
  #epoch = '';
  /** Paths of notes that hold in this epoch. Each note is compared once, because there are as many as documents. */
  readonly #compared = new Set<string>();
  /** Documents whose deletion is noted. The notes of deletions come before all other notes. */
  readonly #deleted = new Set<string>();

  /** @param ttlMs time that Redis keeps an ended job; after it Redis rightly forgets a job without a document */
  constructor(services: EndedRecoveryServices, ttlMs: number) {
    this.#services = services;
    this.#ttlMs = ttlMs;
  }

  /** Compares the notes of earlier epochs with Redis, unless this was done before. */
  async sweep(epoch: string, signal: AbortSignal): Promise<void> {
    const { blobs, store, registry, manifests, epochs, logger } = this.#services;
    await manifests.adoptOlder();
    if (epoch !== this.#epoch) this.#compared.clear();
    this.#epoch = epoch;
    let failed = 0;
    for await (const page of blobs.ended.ofOtherEpochs(epoch, A_READ, this.#compared)) {
      signal.throwIfAborted();
      const ids = page.map(({ jobId }) => jobId);
      const states = await store.readAll(ids);
      // Most documents have their job's id, which saves reading the manifest.
      const documents = await registry.liveGenerations(ids);
      for (const [i, ended] of page.entries()) {
        try {
          if (await this.#restore(ended, states[i], documents[i] !== undefined))
            this.#compared.add(ended.path);
        } catch (error) {
          failed++;
          logger.error('the end of a job could not be restored', { job: ended.jobId, error });
        }
      }
    }
    if (failed === 0) await epochs.noteRecovered(epoch);
  }

  /** Compares one note. @returns whether the note holds in the present epoch, too */
  async #restore(ended: EndedUpload, state: JobState | undefined, hasDocument: boolean): Promise<boolean> {
    const { blobs, queue, logger } = this.#services;
    const { jobId: job, status } = ended;
    if (status === 'deleted') return this.#deleteAgain(ended, state);
    if (status === 'replaced') return this.#keepReplaced(ended, state);
    if (status === 'edited') return this.#editAgain(ended);
    const outcome = status === 'duplicate' ? 'completed' : status;
    if (state?.terminal && (state.outcome === outcome || status === 'cancelled')) {
      if (status === 'duplicate') await this.#restoreTombstone(ended);
      else if (status === 'completed' && !hasDocument && this.#deleted.size > 0) {
        const manifest = await blobs.ended.read(ended);
        if (manifest && this.#wasDeleted(manifest)) await this.#discard(manifest);
      }
      return true;
    }
    if (!state && status === 'completed' && hasDocument) return true;
    // A worker may note its job's end after the deletion.
    if (await blobs.ended.has(job, 'deleted')) return true;
    const noted = await blobs.ended.read(ended);
    if (!noted) {
      await blobs.ended.remove(ended);
      return false;
    }
    // The note keeps the manifest from before any edit of the metadata.
    const beside = await this.#besideOriginal(noted);
    const manifest = beside?.job_id === job ? beside : noted;
    if (!state && (await this.#isExplained(manifest, ended))) return true;
    if (status === 'completed' && this.#wasDeleted(manifest)) {
      if (state && !state.terminal) await queue.cancel(job);
      await this.#discard(manifest);
      return true;
    }
    logger.warn('Redis has lost the end of a job', { job, status, known: state?.status });
    if (status === 'cancelled') {
      await this.#cancelAgain(manifest, state);
      return true;
    }
    // A document that existed keeps its id, whatever other copies there are.
    const own = { document_id: manifest.payload.document_id ?? job, on_duplicate: 'keep' } as const;
    const restored =
      status === 'completed' ? { ...manifest, payload: { ...manifest.payload, ...own } } : manifest;
    await blobs.ended.restore(ended.path, manifest);
    // Redis may lose the job again. The manifest must still say then that the document existed.
    if (restored !== manifest && (!beside || beside === manifest))
      await blobs.editManifest(manifest.payload.file_key, restored);
    // Removes the note before the job is queued. From then on the sweep of the manifests would queue it, too.
    await blobs.ended.remove(ended);
    await this.#rerun(restored, state);
    return false;
  }

  /** Restores the tombstone of a copy's original. A sweep keeps the file if a document has it after all. */
  async #restoreTombstone(ended: EndedUpload): Promise<void> {
    const { blobs, tombstones } = this.#services;
    const manifest = await blobs.ended.read(ended);
    if (manifest) await tombstones.write(manifest, 0);
  }

  /** Returns whether the document of a completed upload was deleted with a later original. */
  #wasDeleted({ job_id, payload }: Manifest): boolean {
    return this.#deleted.has(payload.document_id ?? job_id);
  }

  /** Restores the tombstone of a deleted document's original. It names no job, because it holds however the job ended. */
  async #discard({ payload, job_id }: Manifest): Promise<void> {
    const { document_id = job_id, file_key } = payload;
    await this.#services.tombstones.write({ job_id: '', payload: { document_id, file_key } }, 0);
  }

  /** Repeats a deletion that Redis has lost: of the document, or of the job that was to make it. */
  async #deleteAgain(ended: EndedUpload, state: JobState | undefined): Promise<boolean> {
    const { blobs, registry, deletion, queue, logger } = this.#services;
    const manifest = await blobs.ended.read(ended);
    if (!manifest) return true;
    const { job_id, tenant, payload } = manifest;
    const { document_id = job_id } = payload;
    this.#deleted.add(document_id);
    if (state && !state.terminal) await queue.cancel(job_id);
    // It may have another original than the note, because Redis may have lost a replacement, too.
    const [document] = await registry.read([document_id]);
    if (document?.tenant === tenant) {
      logger.warn('Redis has lost the deletion of a document', { job: job_id, document: document_id });
      await deletion.delete(tenant, document.collection, document_id);
    }
    // A cancel alone keeps the original as long as the job.
    await this.#discard(manifest);
    return true;
  }

  /**
   * Repeats an edit of a document's metadata that Redis has lost. The next sweeps compare again until the document is
   * registered, because its job may still run with the former metadata.
   * @returns whether the note holds
   */
  async #editAgain(ended: EndedUpload): Promise<boolean> {
    const { blobs, registry, edits, logger } = this.#services;
    const noted = await blobs.ended.read(ended);
    const manifest = noted && (await this.#besideOriginal(noted));
    if (!manifest) {
      await blobs.ended.remove(ended);
      return false;
    }
    const { document_id: id = manifest.job_id, file_key } = manifest.payload;
    const [document] = await registry.read([id]);
    if (document?.file_key !== file_key) return false;
    if (!isLost(document, manifest)) return true;
    logger.warn('Redis has lost an edit of metadata', { job: ended.jobId, document: id });
    return repeatEdit(document, manifest, edits);
  }

  /** Reads the manifest beside a note's original; `undefined` if it is gone. */
  async #besideOriginal({ payload }: Manifest): Promise<Manifest | undefined> {
    try {
      return await this.#services.blobs.manifest(payload.file_key);
    } catch (error) {
      // Another program wrote a key that leads out of the store.
      if (error instanceof BlobNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * Restores the job and the tombstone of a document's former original. Does nothing if Redis went back to before the
   * replacement.
   */
  async #keepReplaced(ended: EndedUpload, state: JobState | undefined): Promise<boolean> {
    const { blobs, registry, queue, tombstones, logger } = this.#services;
    const manifest = await blobs.ended.read(ended);
    if (!manifest) return true;
    const { job_id: job, tenant, payload } = manifest;
    const { document_id = job, file_key } = payload;
    if (await registry.ownsFile(document_id, file_key)) return true;
    // Redis does not know the job of a deleted document's former original, so nothing needs the file.
    const isDeleted = this.#deleted.has(document_id);
    const leftMs = isDeleted ? 0 : Math.max(0, this.#ttlMs - ((await blobs.ended.age(ended)) ?? 0));
    await tombstones.write(manifest, leftMs);
    if (state || leftMs === 0) return true;
    // The document may not be back yet. Then the next sweep compares again.
    const isRestored = await queue.restoreEnded(job, tenant, payload, document_id);
    if (isRestored) logger.warn('Redis has lost the end of a job', { job, status: ended.status });
    return isRestored;
  }

  /** Returns whether Redis needs no restoration, although it does not know the job. */
  async #isExplained(manifest: Manifest, ended: EndedUpload): Promise<boolean> {
    const { blobs, registry, tombstones } = this.#services;
    const { job_id, payload } = manifest;
    const { document_id = job_id, file_key } = payload;
    // A Redis from an older copy still has the tombstone of a run before the one that completed, so it proves nothing.
    const owner = ended.status === 'completed' ? '' : job_id;
    const [dead] = await tombstones.has([{ job_id: owner, payload: { document_id, file_key } }]);
    if (dead) return true;
    if (ended.status === 'completed') return registry.ownsFile(document_id, file_key);
    const age = await blobs.ended.age(ended);
    if (age === undefined || age <= this.#ttlMs) return false;
    // Restores the lost tombstone, because the note is its evidence.
    await tombstones.write(manifest, 0);
    return true;
  }

  async #cancelAgain({ job_id, tenant, payload }: Manifest, state: JobState | undefined): Promise<void> {
    const { queue } = this.#services;
    if (state) await queue.cancel(job_id);
    else await queue.restoreEnded(job_id, tenant, payload);
  }

  async #rerun(manifest: Manifest, state: JobState | undefined): Promise<void> {
    const { queue, store } = this.#services;
    const { job_id } = manifest;
    if (!state) await requeue(queue, manifest);
    // The job is back at the end of an earlier run. One that has not ended runs anyway.
    else if (state.terminal)
      await queue.rerun(job_id, (await store.readUpload(manifest.tenant, job_id))?.run ?? 1);
  }
}
