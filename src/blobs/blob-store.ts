import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

import { ifExists } from '../if-exists.ts';
import { listAwaited, listStored, type StoredFiles } from './blob-listing.ts';
import { BlobNotFoundError, blobPath, CHECKPOINT, MANIFEST, TRASH } from './blob-paths.ts';
import { BlobStream } from './blob-stream.ts';
import { CheckpointFolder } from './checkpoint-folder.ts';
import { readCurrentSince } from './current-since.ts';
import { EndedUploads } from './ended-uploads.ts';
import { readManifest, replaceManifest, withEditOf, type Manifest } from './manifest.ts';
import { openBlob, openKnownBlob, openNew, type OpenedBlob } from './open-blob.ts';
import { Trash } from './trash.ts';
import type { KnownContent } from './verify-content.ts';

/** A blob being written. Exactly one of `commit` and `discard` MUST be called. `discard` may be repeated. */
export interface BlobWriter {
  readonly key: string;
  readonly stream: Writable;
  /** Returns the size of the written bytes, and their SHA-256 in hex once the stream has finished. */
  digest(): { size: number; contentHash: string };
  /** Writes the manifest, which makes the blob valid. The stream MUST have finished. */
  describe(manifest: Manifest): Promise<void>;
  /** Flushes the bytes and the manifest to the disk. `describe` MUST have resolved. */
  commit(): Promise<void>;
  /** Removes all files of the blob. A missing one is no error. */
  discard(): Promise<void>;
}

/** Matches the id that an upload gets. */
const UPLOAD = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Stores the uploaded originals as files of one folder: `{tenant}/{id}`, each with its manifest `{id}.json`. A blob
 * without a manifest was never acknowledged. While its job runs, `{id}.checkpoint/` holds the finished parts. {@link
 * ended} notes the end of the job.
 */
export class BlobStore {
  /** Notes of how jobs ended. */
  readonly ended: EndedUploads;
  /** Files that no store explains. */
  readonly trash: Trash;
  readonly #root: string;
  readonly #folders = new Map<string, Promise<FileHandle>>();

  /** @param root the folder's absolute path; MUST exist before the first write */
  constructor(root: string) {
    this.#root = root;
    this.ended = new EndedUploads(root);
    this.trash = new Trash(join(root, TRASH));
  }

  /**
   * Begins a blob under the key `{tenant}/{id}`. It opens the files while the first bytes arrive. If that fails, the
   * stream fails.
   */
  create(tenant: string, id: string): BlobWriter {
    const key = `${tenant}/${id}`;
    const path = this.#path(key);
    const files = [openNew(path), openNew(path + MANIFEST)] as const;
    const opening = Promise.all(files);
    // Does not wait for the manifest. Linux makes one file of a folder at a time, so the second one takes twice as long.
    const stream = new BlobStream(files[0]);
    // The stream may fail before its caller listens, if a file cannot be opened.
    stream.on('error', () => {});
    // `describe` and `commit` report the error, too.
    opening.catch((error: Error) => stream.destroy(error));
    return {
      key,
      stream,
      digest: () => stream.digest(),
      describe: async (manifest) => {
        const [, beside] = await opening;
        await beside.writeFile(JSON.stringify(manifest));
      },
      commit: async () => {
        const [[file, beside], folder] = await Promise.all([opening, this.#folder(dirname(path))]);
        // At the same time, because each wait costs a busy process a turn of its event loop. A journal commits the three
        // flushes together.
        const [here, opened] = await Promise.all([
          stat(path),
          file.stat(),
          file.sync(),
          beside.sync(),
          folder.sync(),
        ]);
        // A mount that changed after the files were opened hides them. The path then leads to other files, or to none.
        if (here.ino !== opened.ino || here.dev !== opened.dev)
          throw new BlobNotFoundError('the file is not where it was opened');
        // All bytes are on the disk, so a failed close loses nothing.
        void closeAll(files);
      },
      discard: async () => {
        stream.destroy();
        const opened = await Promise.allSettled(files);
        await closeAll(files);
        // Removes only opened files. The others do not exist, and a removal would fail in the same way.
        // Removes the manifest first, because a manifest without its file would requeue the job.
        if (opened[1].status === 'fulfilled') await rm(path + MANIFEST, { force: true });
        if (opened[0].status === 'fulfilled') await rm(path, { force: true });
        // The job may have ended before the api refused its upload.
        await this.ended.forget(id);
      },
    };
  }

  /**
   * Opens a blob for reading. Its stream fails at the end with a {@link BlobChangedError} unless it has carried the
   * uploaded bytes ({@link verifyContent}).
   * @param known size and hash from the upload
   * @throws {BlobNotFoundError} if no blob has this key, or the key leads out of the store
   * @throws {BlobChangedError} if its size differs
   */
  async read(key: string, known: KnownContent): Promise<{ stream: Readable; size: number }> {
    const blob = await this.open(key, known);
    return { stream: blob.stream(), size: blob.size };
  }

  /** Opens a blob for reading all or a part of it, as {@link read}. The caller MUST stream or close it. */
  async open(key: string, known: KnownContent): Promise<OpenedBlob> {
    return openKnownBlob(this.#path(key), known);
  }

  /**
   * Returns the folder for the finished work of a job's attempts.
   * @throws {BlobNotFoundError} when the key leads out of the store
   */
  checkpoint(key: string): CheckpointFolder {
    return new CheckpointFolder(this.#path(key) + CHECKPOINT);
  }

  /** Removes the checkpoint of an ended job. */
  async removeCheckpoint(key: string): Promise<void> {
    await this.checkpoint(key).remove();
  }

  /**
   * Rewrites a blob's manifest, durably: its job is about to be rerun, or its manifest was lost. A later edit
   * of the metadata stays. It leaves another job's manifest unchanged, because the file was uploaded for that job.
   * @throws {BlobNotFoundError} when the blob itself is gone
   */
  async restoreManifest(key: string, manifest: Manifest): Promise<void> {
    const path = this.#path(key);
    await (await openBlob(path)).file.close();
    const found = await readManifest(path + MANIFEST);
    if (found && found.job_id !== manifest.job_id) return;
    await this.#replaceManifest(path, withEditOf(found, manifest), true);
    await this.ended.forget(manifest.job_id);
  }

  /** Replaces the manifest of an original, and flushes it. Does nothing without one. The notes of its job's end stay. */
  async editManifest(key: string, manifest: Manifest): Promise<void> {
    const path = this.#path(key);
    const [blob, beside] = await Promise.all([path, path + MANIFEST].map((file) => ifExists(stat(file))));
    if (beside) await this.#replaceManifest(path, manifest, blob !== undefined);
  }

  /** Reads a blob's manifest; `undefined` if it is missing or incomplete. */
  async manifest(key: string): Promise<Manifest | undefined> {
    return readManifest(this.#path(key) + MANIFEST);
  }

  /** Lists the manifests of jobs that have not ended, as {@link listAwaited}. */
  async *awaited(count: number, minAgeMs: number): AsyncGenerator<Manifest[]> {
    yield* listAwaited(this.#root, await this.ended.ids(), count, minAgeMs);
  }

  /** Lists all files by key, as {@link listStored}. */
  stored(): AsyncGenerator<StoredFiles> {
    return listStored(this.#root);
  }

  /** Returns the age of the newest file under a key, in ms; negative for a date in the future. */
  async age({ key }: StoredFiles): Promise<number> {
    const path = this.#path(key);
    const files = [path, path + MANIFEST, path + CHECKPOINT];
    const found = await Promise.all(files.map((file) => ifExists(stat(file))));
    return Date.now() - Math.max(0, ...found.map((file) => file?.mtimeMs ?? 0));
  }

  /**
   * Distinguishes an upload that was cut off from an original that lost its manifest. The api flushes the manifest
   * before it acknowledges an upload. So a file of the current version without a manifest was never acknowledged. An
   * older version removed manifests, so its files prove nothing.
   */
  async wasCutOff({ key, id }: StoredFiles): Promise<boolean> {
    const path = this.#path(key);
    const [blob, manifest] = await Promise.all([path, path + MANIFEST].map((file) => ifExists(stat(file))));
    if (manifest && manifest.size > 0) return false;
    return !blob || (UPLOAD.test(id) && blob.mtimeMs > (await readCurrentSince(this.#root)));
  }

  /** Removes a blob with all files beside it, and the note of its job's end. The note of a deletion stays. */
  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    const jobId = (await this.manifest(key))?.job_id;
    // Removes the manifest last, because the next sweep finds the rest by it.
    await Promise.all([rm(path, { force: true }), this.removeCheckpoint(key)]);
    await rm(path + MANIFEST, { force: true });
    if (jobId !== undefined)
      await this.ended.forget(jobId, 'cancelled', 'replaced', 'failed', 'duplicate', 'completed', 'edited');
  }

  /** Moves a blob, and its manifest if it has one, to {@link trash}. Removes its checkpoint. */
  async moveToTrash(key: string): Promise<void> {
    const path = this.#path(key);
    await this.trash.take(key, path);
    await this.trash.take(key + MANIFEST, path + MANIFEST);
    await this.removeCheckpoint(key);
  }

  /** Closes the folders. No write may follow. */
  async close(): Promise<void> {
    await closeAll([...this.#folders.values()]);
  }

  /** Returns a folder's handle for flushing its entries. It opens each folder once. */
  #folder(path: string): Promise<FileHandle> {
    const known = this.#folders.get(path);
    if (known) return known;
    const opened = open(path, 'r');
    this.#folders.set(path, opened);
    opened.catch(() => this.#folders.delete(path));
    return opened;
  }

  /** @param hasBlob whether the caller has seen the original. A sweep that deletes it since never finds a manifest alone */
  async #replaceManifest(path: string, manifest: Manifest, hasBlob: boolean): Promise<void> {
    await replaceManifest(path + MANIFEST, manifest);
    if (hasBlob && !(await ifExists(stat(path)))) await rm(path + MANIFEST, { force: true });
    await (await this.#folder(dirname(path))).sync();
  }

  #path(key: string): string {
    return blobPath(this.#root, key);
  }
}

async function closeAll(files: readonly Promise<FileHandle>[]): Promise<void> {
  await Promise.allSettled(files.map(async (file) => (await file).close()));
}
