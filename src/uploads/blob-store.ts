import { createHash } from 'node:crypto';
import { open, mkdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { createReadStream, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline, Writable, type Readable } from 'node:stream';

import { listAwaited, listStored, type StoredFiles } from './blob-listing.ts';
import { BlobNotFoundError, blobPath, CHECKPOINT, MANIFEST, TRASH } from './blob-paths.ts';
import { CheckpointFolder } from './checkpoint-folder.ts';
import { readCurrentSince } from './current-since.ts';
import { EndedUploads } from './ended-uploads.ts';
import { readManifest, replaceManifest, type Manifest } from './manifest.ts';
import { openBlob } from './open-blob.ts';
import { Trash } from './trash.ts';
import { BlobChangedError, verifyContent, type KnownContent } from './verify-content.ts';

/** A blob being written. Exactly one of `commit` and `discard` MUST be called, once. */
export interface BlobWriter {
  readonly key: string;
  readonly stream: Writable;
  /** What the stream has taken: its size in bytes, and its SHA-256 in hex once it has finished. */
  digest(): { size: number; contentHash: string };
  /** Writes the manifest, which makes the blob count; the stream MUST have finished. */
  describe(manifest: Manifest): Promise<void>;
  /** Makes the bytes and the manifest durable: both are on the disk when this resolves. It MUST be described. */
  commit(): Promise<void>;
  /** Removes every trace. Never throws for what is already gone. */
  discard(): Promise<void>;
}

/** The name that an upload gets. */
const UPLOAD = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The uploaded originals, as files of one folder: `{tenant}/{id}`, and its manifest `{id}.json` beside it for as long
 * as it lives. A blob without a manifest was never acknowledged. While its job runs, `{id}.checkpoint/` holds what is
 * finished of it; once it has ended, {@link ended} notes how.
 */
export class BlobStore {
  /** How jobs ended. */
  readonly ended: EndedUploads;
  /** What no store explains. */
  readonly trash: Trash;
  readonly #root: string;
  readonly #folders = new Map<string, Promise<FileHandle>>();

  /** @param root the folder's absolute path; MUST be there before anything is stored */
  constructor(root: string) {
    this.#root = root;
    this.ended = new EndedUploads(root);
    this.trash = new Trash(join(root, TRASH));
  }

  /**
   * Begins a blob under the key `{tenant}/{id}`. Its files are opened while the first bytes are on their way;
   * should that fail, so does the stream.
   */
  create(tenant: string, id: string): BlobWriter {
    const key = `${tenant}/${id}`;
    const path = this.#path(key);
    const files = [openNew(path), openNew(path + MANIFEST)] as const;
    const opening = Promise.all(files);
    // Whoever writes, commits or discards hears of it.
    opening.catch(() => {});
    const hash = createHash('sha256');
    let size = 0;
    // Node's own file streams close what they write to; here the handle outlives the stream, to be flushed.
    const stream = new Writable({
      construct: (done) => void opening.then(() => done(), done),
      write: (bytes: Buffer, _encoding, done) => {
        hash.update(bytes);
        size += bytes.length;
        void opening.then(([file]) => file.writeFile(bytes)).then(() => done(), done);
      },
    });
    // A file that cannot be opened fails the stream before anything may be connected to it.
    stream.on('error', () => {});
    return {
      key,
      stream,
      digest: () => ({ size, contentHash: hash.digest('hex') }),
      describe: async (manifest) => {
        const [, beside] = await opening;
        await beside.writeFile(JSON.stringify(manifest));
      },
      commit: async () => {
        const [[file, beside], folder] = await Promise.all([opening, this.#folder(dirname(path))]);
        // Together, because a journal commits them together: three flushes cost little more than one.
        await Promise.all([file.sync(), beside.sync(), folder.sync()]);
        // A mount that came or went since they were opened leaves them where nobody looks.
        const [here, opened] = await Promise.all([stat(path), file.stat()]);
        if (here.ino !== opened.ino || here.dev !== opened.dev)
          throw new BlobNotFoundError('the file is not where it was opened');
        // All is on the disk: nobody has to wait for the closing, or to hear of it.
        void closeAll(files);
      },
      discard: async () => {
        stream.destroy();
        const opened = await Promise.allSettled(files);
        await closeAll(files);
        // What could not even be opened is not there to be removed, and trying would only fail the same way.
        if (opened[0].status === 'fulfilled') await rm(path, { force: true });
        if (opened[1].status === 'fulfilled') await rm(path + MANIFEST, { force: true });
        // Its job may have been quicker than its refusal.
        await this.ended.forget(id);
      },
    };
  }

  /**
   * Opens a blob for reading. Its stream fails at the end with a {@link BlobChangedError} unless it has carried what
   * was uploaded ({@link verifyContent}).
   * @param known what was noted when it was uploaded
   * @throws {BlobNotFoundError} when there is none under this key, or the key leads out of the store
   * @throws {BlobChangedError} when it has another size
   */
  async read(key: string, known: KnownContent): Promise<{ stream: Readable; size: number }> {
    const path = this.#path(key);
    const { file, size } = await openBlob(path);
    if (known.size !== undefined && known.size !== size) {
      await file.close();
      throw new BlobChangedError(`the file has ${size} bytes, and not ${known.size}`);
    }
    const stream = verifyContent(size, known);
    // Whoever reads the stream hears of every failure by it; one that is let go early closes the file.
    pipeline(createReadStream(path, { fd: file }), stream, () => {});
    return { stream, size };
  }

  /**
   * Where the job of a blob keeps what its tries have finished.
   * @throws {BlobNotFoundError} when the key leads out of the store
   */
  checkpoint(key: string): CheckpointFolder {
    return new CheckpointFolder(this.#path(key) + CHECKPOINT);
  }

  /** Removes the checkpoint of a job that has reached its end. */
  async removeCheckpoint(key: string): Promise<void> {
    await this.checkpoint(key).remove();
  }

  /**
   * Writes a blob's manifest anew, durably: its job is about to run again, or its manifest was lost. One of another
   * job stays: the file was uploaded for that one.
   * @throws {BlobNotFoundError} when the blob itself is gone
   */
  async restoreManifest(key: string, manifest: Manifest): Promise<void> {
    const path = this.#path(key);
    await (await openBlob(path)).file.close();
    const found = await readManifest(path + MANIFEST);
    if (found && found.job_id !== manifest.job_id) return;
    await replaceManifest(path + MANIFEST, manifest);
    await (await this.#folder(dirname(path))).sync();
    await this.ended.forget(manifest.job_id);
  }

  /** A blob's manifest; `undefined` unless it is there and whole. */
  async manifest(key: string): Promise<Manifest | undefined> {
    return readManifest(this.#path(key) + MANIFEST);
  }

  /** The manifests of jobs that have not ended, as {@link listAwaited}. */
  async *awaited(count: number, minAgeMs: number): AsyncGenerator<Manifest[]> {
    yield* listAwaited(this.#root, await this.ended.ids(), count, minAgeMs);
  }

  /** As {@link listStored}. */
  stored(): AsyncGenerator<StoredFiles> {
    return listStored(this.#root);
  }

  /** How long ago the files under a key were last written, in ms; negative for a date ahead of the clock. */
  async age({ key }: StoredFiles): Promise<number> {
    const path = this.#path(key);
    const found = await Promise.all([path, path + MANIFEST, path + CHECKPOINT].map(statOf));
    return Date.now() - Math.max(0, ...found.map((file) => file?.mtimeMs ?? 0));
  }

  /**
   * Tells an upload that was cut off from an original that lost its manifest. The manifest is written and flushed before
   * an upload is acknowledged, so a file of the current version without one was never acknowledged. An older version
   * removed manifests, so its files prove nothing.
   */
  async wasCutOff({ key, id }: StoredFiles): Promise<boolean> {
    const path = this.#path(key);
    const [blob, manifest] = await Promise.all([statOf(path), statOf(path + MANIFEST)]);
    if (manifest && manifest.size > 0) return false;
    return !blob || (UPLOAD.test(id) && blob.mtimeMs > (await readCurrentSince(this.#root)));
  }

  /** Removes a blob with everything beside it, and the note of how its job ended. */
  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    const jobId = (await this.manifest(key))?.job_id;
    // The manifest goes last: by it a sweep that is cut off finds the rest.
    await Promise.all([rm(path, { force: true }), this.removeCheckpoint(key)]);
    await rm(path + MANIFEST, { force: true });
    if (jobId !== undefined) await this.ended.forget(jobId);
  }

  /** Moves a blob, and its manifest where it has one, to {@link trash}. Its checkpoint goes. */
  async moveToTrash(key: string): Promise<void> {
    const path = this.#path(key);
    await this.trash.take(key, path);
    await this.trash.take(key + MANIFEST, path + MANIFEST);
    await this.removeCheckpoint(key);
  }

  /** Lets the folders go. Nothing may be written afterwards. */
  async close(): Promise<void> {
    await closeAll([...this.#folders.values()]);
  }

  /** A folder's handle, to flush its entries by: opened once, for there are few and every upload needs one. */
  #folder(path: string): Promise<FileHandle> {
    const known = this.#folders.get(path);
    if (known) return known;
    const opened = open(path, 'r');
    this.#folders.set(path, opened);
    opened.catch(() => this.#folders.delete(path));
    return opened;
  }

  #path(key: string): string {
    return blobPath(this.#root, key);
  }
}

/**
 * A tenant's folder is there for all but the first blob, so it is only made when it turns out missing. The store's own is
 * not made: a mount that is gone must not be written to in its place.
 */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path)).catch(unlessThere);
    return open(path, 'wx');
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function unlessThere(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

async function closeAll(files: readonly Promise<FileHandle>[]): Promise<void> {
  await Promise.allSettled(files.map(async (file) => (await file).close()));
}
