import { createHash } from 'node:crypto';
import { open, mkdir, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Writable, type Readable } from 'node:stream';

import type { JobPayload } from '../jobs/job-payload.ts';
import { CheckpointFolder } from './checkpoint-folder.ts';

/** Stands beside a blob and makes it count: enough to queue its job again should Redis forget it. */
export interface Manifest {
  job_id: string;
  tenant: string;
  payload: JobPayload;
}

/** A blob being written. Exactly one of `commit` and `discard` MUST be called, once. */
export interface BlobWriter {
  readonly key: string;
  readonly stream: Writable;
  /** What the stream has taken: its size in bytes, and its SHA-256 in hex once it has finished. */
  digest(): { size: number; contentHash: string };
  /**
   * Makes the written bytes and the manifest durable: both are on the disk when this resolves.
   * The stream must have finished.
   */
  commit(manifest: Manifest): Promise<void>;
  /** Removes every trace. Never throws for what is already gone. */
  discard(): Promise<void>;
}

/** Thrown for a key that names nothing inside the store. */
export class BlobNotFoundError extends Error {
  override name = 'BlobNotFoundError';
}

const MANIFEST = '.json';
/** How opening fails for a path that names nothing. */
const NOWHERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EISDIR']);
const CHECKPOINT = '.checkpoint';

/**
 * The uploaded originals, as files of one folder: `{tenant}/{id}`, and `{id}.json` beside it. A blob without
 * a whole manifest was never acknowledged. While its job runs, `{id}.checkpoint/` holds what is finished of it.
 */
export class BlobStore {
  readonly #root: string;
  readonly #folders = new Map<string, Promise<FileHandle>>();

  /** @param root the folder's absolute path; made when missing */
  constructor(root: string) {
    this.#root = root;
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
    return {
      key,
      stream,
      digest: () => ({ size, contentHash: hash.digest('hex') }),
      commit: async (manifest) => {
        const [[file, beside], folder] = await Promise.all([opening, this.#folder(dirname(path))]);
        await beside.writeFile(JSON.stringify(manifest));
        // Together, because a journal commits them together: three flushes cost little more than one.
        await Promise.all([file.sync(), beside.sync(), folder.sync()]);
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
      },
    };
  }

  /**
   * Opens a blob for reading.
   * @throws {BlobNotFoundError} when there is none under this key, or the key leads out of the store
   */
  async read(key: string): Promise<{ stream: Readable; size: number }> {
    const path = this.#path(key);
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (cause) {
      if (!NOWHERE.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
      throw new BlobNotFoundError('the file is no longer in the store', { cause });
    }
    const stat = await file.stat();
    if (!stat.isFile()) {
      await file.close();
      throw new BlobNotFoundError('the key names no file');
    }
    return { stream: createReadStream(path, { fd: file }), size: stat.size };
  }

  /** Removes the manifest of a job that has reached its end. */
  async removeManifest(key: string): Promise<void> {
    await rm(this.#path(key) + MANIFEST, { force: true });
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
   * Writes a blob's manifest anew, durably: its job is about to run again.
   * @throws {BlobNotFoundError} when the blob itself is gone
   */
  async restoreManifest(key: string, manifest: Manifest): Promise<void> {
    const path = this.#path(key);
    (await this.read(key)).stream.destroy();
    const file = await open(path + MANIFEST, 'w');
    try {
      await file.writeFile(JSON.stringify(manifest));
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /**
   * Every whole manifest in the store, some at a time. One that is not whole belongs to an upload that was cut
   * off.
   * @param minAgeMs leaves out younger ones, whose upload may not have been answered yet
   */
  async *manifests(count: number, minAgeMs: number): AsyncGenerator<Manifest[]> {
    let page: Manifest[] = [];
    for await (const { path, modifiedMs } of this.#files()) {
      if (!path.endsWith(MANIFEST) || Date.now() - modifiedMs < minAgeMs) continue;
      const manifest = parseManifest(await readFile(path, 'utf8').catch(() => ''));
      if (manifest && page.push(manifest) === count) {
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  }

  /**
   * The keys of all blobs, whole or not, that were last written so long ago; some more than once, for each file
   * that belongs to them.
   */
  async *keys(minAgeMs: number): AsyncGenerator<string> {
    for await (const { path, modifiedMs } of this.#files()) {
      if (Date.now() - modifiedMs < minAgeMs) continue;
      const [name = ''] = relative(this.#root, path).split(CHECKPOINT + sep);
      yield name.endsWith(MANIFEST) ? name.slice(0, -MANIFEST.length) : name;
    }
  }

  /** Removes a blob with everything beside it. */
  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    await Promise.all([
      rm(path, { force: true }),
      rm(path + MANIFEST, { force: true }),
      this.removeCheckpoint(key),
    ]);
  }

  async *#files(): AsyncGenerator<{ path: string; modifiedMs: number }> {
    for (const name of await readdir(this.#root, { recursive: true })) {
      const path = join(this.#root, name);
      // What is gone between the listing and the look was removed by its owner.
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) yield { path, modifiedMs: found.mtimeMs };
    }
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

  /** Keys come from job hashes, which other programs may write: none may lead out of the folder, or to our own files. */
  #path(key: string): string {
    const path = resolve(this.#root, key);
    const ours = path.endsWith(MANIFEST) || `${path}${sep}`.includes(CHECKPOINT + sep);
    if (key.includes('\0') || ours || !path.startsWith(this.#root + sep)) {
      throw new BlobNotFoundError('the key leads out of the store');
    }
    return path;
  }
}

/** A tenant's folder is there for all but the first blob, so it is only made when it turns out missing. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, 'wx');
  }
}

async function closeAll(files: readonly Promise<FileHandle>[]): Promise<void> {
  await Promise.allSettled(files.map(async (file) => (await file).close()));
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return undefined;
  }
}
