import { copyFile, mkdir, readdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { JobStatus } from '../contract/job.ts';
import { blobPath, ENDED, MANIFEST } from './blob-paths.ts';
import { readManifest, type Manifest } from './manifest.ts';

/** How a run may end. The cancelled come first: should they have to be cancelled again, sooner is better. */
const ENDS = ['cancelled', 'failed', 'completed'] as const satisfies JobStatus[];
export type End = (typeof ENDS)[number];
const NAME = new RegExp(`^(.+)\\.(${ENDS.join('|')})\\${MANIFEST}$`);

/** The manifest of an upload whose job has ended. */
export interface EndedUpload {
  jobId: string;
  status: End;
  /** How long ago it ended. */
  ageMs: number;
  readonly path: string;
}

/**
 * The manifests of jobs that have ended, as `.ended/{history}/{job}.{status}.json`: a Redis that comes back from
 * an older copy does not know of the end, nor perhaps of the job. What lies under another history than the
 * present one has not been compared with it yet.
 */
export class EndedUploads {
  readonly #root: string;
  readonly #folder: string;

  /** @param root the blob store's folder */
  constructor(root: string) {
    this.#root = root;
    this.#folder = join(root, ENDED);
  }

  /**
   * Moves the manifest of a job's blob here; there may be none, or one of the job that the file was uploaded for, where
   * another program has made a second one of it. A power cut may undo the move, for it is not flushed: the
   * next sweep of the manifests makes it again.
   * @param history one that was the present one before the end was seen, never a later one
   */
  async keep(key: string, jobId: string, status: End, history: string): Promise<void> {
    const manifest = blobPath(this.#root, key) + MANIFEST;
    if (!(await isOf(manifest, jobId))) return;
    const now = new Date();
    await utimes(manifest, now, now).catch(unlessMissing);
    await move(manifest, this.#path(folderName(history), jobId, status));
  }

  /**
   * Copies a blob's manifest here, before its worker may have heard of the end: the one that stays beside the blob
   * is what a sweep finds the rest by.
   * @param history as for {@link keep}
   */
  async note(key: string, jobId: string, status: End, history: string): Promise<void> {
    const manifest = blobPath(this.#root, key) + MANIFEST;
    if (!(await isOf(manifest, jobId))) return;
    const to = this.#path(folderName(history), jobId, status);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(manifest, to).catch(unlessMissing);
  }

  /** What lies under other histories than this, one history after the other, some at a time. */
  async *ofOtherHistories(history: string, count: number): AsyncGenerator<EndedUpload[]> {
    for (const folder of await this.#folders()) {
      if (folder === folderName(history)) continue;
      const names = await readdir(join(this.#folder, folder)).catch(() => []);
      for (const status of ENDS) {
        const same = names.filter((name) => NAME.exec(name)?.[2] === status);
        for (let from = 0; from < same.length; from += count)
          yield this.#look(folder, same.slice(from, from + count));
      }
      // Only when nothing is left in it, and nothing has been added since.
      await rmdir(join(this.#folder, folder)).catch(() => {});
    }
  }

  /** Notes that what is known of an ended upload holds in this history, too. */
  async confirm({ path, jobId, status }: EndedUpload, history: string): Promise<void> {
    await move(path, this.#path(folderName(history), jobId, status));
  }

  /** Puts an ended upload's manifest back beside its blob: its job is to run again. */
  async reopen({ path }: EndedUpload, { payload }: Manifest): Promise<void> {
    await move(path, blobPath(this.#root, payload.file_key) + MANIFEST);
  }

  /** `undefined` when it is not whole: its upload was never acknowledged. */
  async read({ path }: EndedUpload): Promise<Manifest | undefined> {
    return readManifest(path);
  }

  async remove({ path }: EndedUpload): Promise<void> {
    await rm(path, { force: true });
  }

  /** True when a job's manifest is kept here. */
  async has(jobId: string): Promise<boolean> {
    const found = await Promise.all((await this.#of(jobId)).map((path) => stat(path).catch(() => undefined)));
    return found.some(Boolean);
  }

  /** Forgets how a job ended: it is about to run again, or its upload was refused. */
  async forget(jobId: string): Promise<void> {
    await Promise.all((await this.#of(jobId)).map((path) => rm(path, { force: true })));
  }

  /** Removes what ended longer ago than that. */
  async removeOlder(maxAgeMs: number): Promise<void> {
    for (const folder of await this.#folders()) {
      for (const name of await readdir(join(this.#folder, folder)).catch(() => [])) {
        const [ended] = await this.#look(folder, [name]);
        if (ended && ended.ageMs > maxAgeMs) await this.remove(ended);
      }
    }
  }

  async #look(folder: string, names: readonly string[]): Promise<EndedUpload[]> {
    const found = await Promise.all(
      names.map(async (name): Promise<EndedUpload | undefined> => {
        const [, id, status] = NAME.exec(name) ?? [];
        const path = join(this.#folder, folder, name);
        // What is gone meanwhile was moved by another.
        const mtimeMs = (await stat(path).catch(() => undefined))?.mtimeMs;
        if (id === undefined || mtimeMs === undefined) return undefined;
        return { jobId: decodeURIComponent(id), status: status as End, ageMs: Date.now() - mtimeMs, path };
      }),
    );
    return found.filter((ended) => ended !== undefined);
  }

  async #of(jobId: string): Promise<string[]> {
    const folders = await this.#folders();
    return folders.flatMap((folder) => ENDS.map((status) => this.#path(folder, jobId, status)));
  }

  /** One a history. */
  async #folders(): Promise<string[]> {
    return readdir(this.#folder).catch(() => []);
  }

  #path(folder: string, jobId: string, status: End): string {
    return join(this.#folder, folder, `${encodeURIComponent(jobId)}.${status}${MANIFEST}`);
  }
}

async function isOf(manifest: string, jobId: string): Promise<boolean> {
  return (await readManifest(manifest))?.job_id === jobId;
}

/** A history's name comes from Redis, where other programs may write. */
function folderName(history: string): string {
  return encodeURIComponent(history).replaceAll('.', '%2E') || 'unnamed';
}

/** Moves a file that may be gone; the folder it goes to may be missing, or be removed at this moment for being empty. */
async function move(from: string, to: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    await mkdir(dirname(to), { recursive: true });
    try {
      return await rename(from, to);
    } catch (error) {
      unlessMissing(error);
    }
  }
}

function unlessMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
