import { restoreManifest } from '../../documents/edits/restore-manifest.ts';
import type { StoredFiles } from '../../blobs/blob-listing.ts';
import type { End } from '../../blobs/ended-uploads.ts';
import type { Manifest } from '../../blobs/manifest.ts';
import type { RecoveryServices } from './recovery-services.ts';

/**
 * Restores missing manifests beside their originals. An older version removed them a day after the job's end. Redis'
 * record of the document or the job suffices to make them.
 */
export class ManifestRestoration {
  readonly #services: RecoveryServices;
  readonly #ttlMs: number;

  /** @param ttlMs time to keep the original of a job without a document, from the job's end */
  constructor(services: RecoveryServices, ttlMs: number) {
    this.#services = services;
    this.#ttlMs = ttlMs;
  }

  /** Restores the manifests that an older version moved away. */
  async adoptOlder(): Promise<void> {
    const adopted = await this.#services.blobs.ended.adoptOlder();
    if (adopted > 0) this.#services.logger.info('brought back manifests of an older version', { adopted });
  }

  /**
   * Restores the manifest of an original.
   * @param documentId the document that owns it
   * @returns false where neither a document nor a job explains the file
   */
  async restore(file: StoredFiles, documentId: string | undefined): Promise<boolean> {
    if (!file.blob) return false;
    if (documentId === undefined) return this.#restoreOfJob(file);
    const { blobs, epochs, registry } = this.#services;
    // Comes first, because Redis may lose the document's edit after the read.
    const { epoch } = epochs.last;
    const document = await registry.get(file.tenant, documentId);
    this.#log(await restoreManifest(document, epoch, blobs));
    return true;
  }

  /** Writes a tombstone for a job that ended without a document, because an older version wrote none. */
  async #restoreOfJob({ key, id: job_id, tenant }: StoredFiles): Promise<boolean> {
    const { store, tombstones } = this.#services;
    const upload = await store.readUpload(tenant, job_id);
    if (upload?.payload?.file_key !== key) return false;
    const { outcome, payload, run } = upload;
    if (outcome !== 'failed' && outcome !== 'cancelled') return false;
    const manifest = { job_id, tenant, payload, run };
    await this.#write(manifest, outcome);
    await tombstones.write(manifest, this.#ttlMs);
    return true;
  }

  async #write(manifest: Manifest, end: End): Promise<void> {
    const { blobs, epochs } = this.#services;
    const { job_id, payload } = manifest;
    await blobs.restoreManifest(payload.file_key, manifest);
    await blobs.ended.note(payload.file_key, job_id, end, epochs.last.epoch);
    this.#log(manifest);
  }

  #log({ job_id: job, payload }: Manifest): void {
    this.#services.logger.info('restored a manifest that was missing', { job, file: payload.file_key });
  }
}
