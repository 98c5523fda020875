import { createHash } from 'node:crypto';
import { open, mkdir, readdir, readFile, rm, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { Writable, type Readable } from 'node:stream';

import type { JobPayload } from '../jobs/job-payload.ts';

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

/**
 * The uploaded originals, as files of one folder: `{tenant}/{id}`, and `{id}.json` beside it. A blob without
 * a whole manifest was never acknowledged.
 */
export class BlobStore {
  readonly #root: string;

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
    const files = [openNew(path), openNew(path + MANIFEST), openFolder(dirname(path))] as const;
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
        const [file, beside, folder] = await opening;
        await beside.writeFile(JSON.stringify(manifest));
        // Together, because a journal commits them together: three flushes cost little more than one.
        await Promise.all([file.sync(), beside.sync(), folder.sync()]);
        // All is on the disk: nobody has to wait for the closing, or to hear of it.
        void closeAll(files);
      },
      discard: async () => {
        stream.destroy();
        await closeAll(files);
        await Promise.all([rm(path, { force: true }), rm(path + MANIFEST, { force: true })]);
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
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
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

  /** Every whole manifest in the store. One that is not whole belongs to an upload that was cut off. */
  async *manifests(): AsyncGenerator<Manifest> {
    for (const name of await readdir(this.#root, { recursive: true }).catch(() => [])) {
      if (!name.endsWith(MANIFEST)) continue;
      const text = await readFile(join(this.#root, name), 'utf8').catch(() => '');
      try {
        yield JSON.parse(text) as Manifest;
      } catch {
        continue;
      }
    }
  }

  /** Keys come from job hashes, which other programs may write: none may lead out of the folder. */
  #path(key: string): string {
    const path = resolve(this.#root, key);
    if (key.includes('\0') || key.endsWith(MANIFEST) || !path.startsWith(this.#root + sep)) {
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

async function openFolder(path: string): Promise<FileHandle> {
  await mkdir(path, { recursive: true });
  return open(path, 'r');
}

async function closeAll(files: readonly Promise<FileHandle>[]): Promise<void> {
  await Promise.allSettled(files.map(async (file) => (await file).close()));
}
