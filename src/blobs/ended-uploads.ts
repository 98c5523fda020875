import { readdir, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Outcome } from '../contract/job.ts';
import { ifExists } from '../if-exists.ts';
import { BlobNotFoundError, blobPath, ENDS, MANIFEST, OLDER_ENDS } from './blob-paths.ts';
import { flushFolder } from './make-folder.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { addName, moveFile } from './second-name.ts';

/**
 * Ends of a run. Deleted and cancelled ones come first, because a worker may have to repeat them soon. The document of a
 * `deleted` one was deleted, and that of a `replaced` one has a later original. A `duplicate` completed with the document of
 * an earlier upload. So no document needs the files of these. `edited` is no end. It says that a client has edited the
 * metadata in the manifest beside the original.
 */
const KINDS = [
  'deleted',
  'cancelled',
  'replaced',
  'failed',
  'duplicate',
  'completed',
  'edited',
] as const satisfies (Outcome | 'deleted' | 'duplicate' | 'edited' | 'replaced')[];
/** Ends to repeat before any job is requeued. Otherwise an upload could complete with a document that is then deleted. */
const FIRST: readonly End[] = ['deleted', 'cancelled'];
export type End = (typeof KINDS)[number];
const NAME = new RegExp(`^(.+)\\.(${KINDS.join('|')})\\${MANIFEST}$`);

/** Notes how a job ended. */
export interface EndedUpload {
  jobId: string;
  status: End;
  readonly path: string;
}

/**
 * Keeps notes of how jobs ended, as `.ends/{epoch}/{job}.{status}.json`. Each is a second name of the manifest
 * beside the original. A Redis restored from an older copy may know neither the end nor the job. So a worker compares
 * the notes under every earlier epoch with Redis.
 */
export class EndedUploads {
  readonly #root: string;
  readonly #folder: string;

  /** @param root the blob store's folder */
  constructor(root: string) {
    this.#root = root;
    this.#folder = join(root, ENDS);
  }

  /**
   * Notes how the job of a blob ended. It notes nothing if the blob has no manifest, or the manifest of another job
   * that uploaded the same file. It does not flush the note of an end, because the next sweep of the manifests repeats
   * a lost one. It flushes a note `edited`, because no sweep repeats that.
   * @param epoch an epoch that was current before the caller read the end, never a later one
   * @param isOwn whether the caller knows that the manifest is the job's own. Reading it costs five calls to the disk
   */
  async note(key: string, jobId: string, status: End, epoch: string, isOwn = false): Promise<void> {
    const manifest = blobPath(this.#root, key) + MANIFEST;
    if (!isOwn && (await readManifest(manifest))?.job_id !== jobId) return;
    const now = new Date();
    await ifExists(utimes(manifest, now, now));
    const path = this.#path(folderName(epoch), jobId, status);
    await addName(this.#root, manifest, path);
    if (status === 'edited') for (const folder of [dirname(path), this.#folder]) await flushFolder(folder);
  }

  /** Lists the ids of all jobs whose end is noted. */
  async ids(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const folder of await this.#folders()) {
      for (const { jobId, status } of await this.#notes(folder)) if (status !== 'edited') ids.add(jobId);
    }
    return ids;
  }

  /**
   * Lists the notes under earlier epochs, cancelled ones first, a page at a time.
   * @param known paths to leave out, because they were compared before
   */
  async *ofOtherEpochs(
    epoch: string,
    count: number,
    known: ReadonlySet<string>,
  ): AsyncGenerator<EndedUpload[]> {
    const folders = (await this.#folders()).filter((folder) => folder !== folderName(epoch));
    for (const kinds of [FIRST, KINDS.filter((kind) => !FIRST.includes(kind))]) {
      for (const folder of folders) {
        const notes = await this.#notes(folder);
        // Removes only an empty folder.
        if (notes.length === 0) await rmdir(join(this.#folder, folder)).catch(() => {});
        for (const status of kinds) {
          const same = notes.filter((note) => note.status === status && !known.has(note.path));
          for (let from = 0; from < same.length; from += count) yield same.slice(from, from + count);
        }
      }
    }
  }

  /**
   * Returns the time since the job ended, in ms; negative for a date in the future.
   * @returns `undefined` when the note is gone
   */
  async age({ path }: EndedUpload): Promise<number | undefined> {
    const found = await ifExists(stat(path));
    return found && Date.now() - found.mtimeMs;
  }

  /** Reads a note; `undefined` if it is incomplete, because the api never acknowledged such an upload. */
  async read({ path }: EndedUpload): Promise<Manifest | undefined> {
    return readManifest(path);
  }

  async remove({ path }: EndedUpload): Promise<void> {
    await rm(path, { force: true });
  }

  /** Restores a manifest beside its original from the note. An existing manifest stays. */
  async restore(path: string, { payload }: Manifest): Promise<void> {
    await addName(this.#root, path, blobPath(this.#root, payload.file_key) + MANIFEST);
  }

  /** Returns whether a note records the job's end. @param status counts notes of this end only */
  async has(jobId: string, status?: End): Promise<boolean> {
    const paths = await this.#of(jobId, ...(status ? [status] : []));
    const found = await Promise.all(paths.map((path) => ifExists(stat(path))));
    return found.some(Boolean);
  }

  /** Lists the ids of the documents whose deletion is noted. Each step reads a file. */
  async *deletedDocuments(): AsyncGenerator<string> {
    for (const folder of await this.#folders())
      for (const note of await this.#notes(folder))
        if (note.status === 'deleted') yield (await this.read(note))?.payload.document_id ?? note.jobId;
  }

  /**
   * Removes the note of a job's end, because the job is about to be rerun, or its files are deleted.
   * @param kinds removes notes of these kinds only; by default all but `edited`
   */
  async forget(jobId: string, ...kinds: End[]): Promise<void> {
    const wanted = kinds.length > 0 ? kinds : KINDS.filter((kind) => kind !== 'edited');
    await Promise.all((await this.#of(jobId, ...wanted)).map((path) => rm(path, { force: true })));
  }

  /**
   * Removes the notes of deletions that are older than `ttlMs`. Until then a rolled back Redis may hold the document. A note
   * whose manifest still exists stays, because without it a sweep would requeue the upload.
   * @param isLive returns whether the document is registered after all, because the deletion failed after its note
   */
  async expireDeletions(ttlMs: number, isLive: (manifest: Manifest) => Promise<boolean>): Promise<void> {
    for (const folder of await this.#folders()) {
      for (const note of await this.#notes(folder)) {
        if (note.status !== 'deleted' || ((await this.age(note)) ?? 0) <= ttlMs) continue;
        const manifest = await this.read(note);
        const isNeeded = manifest && (await this.#hasManifest(manifest)) && !(await isLive(manifest));
        if (!isNeeded) await this.remove(note);
      }
    }
  }

  /**
   * Restores the manifests of an older version beside their originals, and converts its notes. That version moved a
   * manifest to its note, and removed it after a day. Without this step no store would explain its originals.
   * @returns the number of restored manifests
   */
  async adoptOlder(): Promise<number> {
    const older = join(this.#root, OLDER_ENDS);
    let adopted = 0;
    for (const folder of await readdir(older).catch(() => [])) {
      for (const name of await readdir(join(older, folder)).catch(() => [])) {
        const path = join(older, folder, name);
        const manifest = await readManifest(path);
        if (manifest) await this.restore(path, manifest);
        await moveFile(this.#root, path, join(this.#folder, folder, name));
        adopted++;
      }
      await rmdir(join(older, folder)).catch(() => {});
    }
    await rmdir(older).catch(() => {});
    return adopted;
  }

  /** Returns whether the manifest of a note still stands beside its original. */
  async #hasManifest({ payload }: Manifest): Promise<boolean> {
    try {
      return (await readManifest(blobPath(this.#root, payload.file_key) + MANIFEST)) !== undefined;
    } catch (error) {
      // Another program wrote a key that leads out of the store.
      if (error instanceof BlobNotFoundError) return false;
      throw error;
    }
  }

  async #notes(folder: string): Promise<EndedUpload[]> {
    const notes: EndedUpload[] = [];
    // Any other error throws: without its note, an ended job would be queued again.
    for (const name of (await ifExists(readdir(join(this.#folder, folder)))) ?? []) {
      const [, id, status] = NAME.exec(name) ?? [];
      if (id === undefined) continue;
      const jobId = id.includes('%') ? decodeURIComponent(id) : id;
      notes.push({ jobId, status: status as End, path: join(this.#folder, folder, name) });
    }
    return notes;
  }

  /** Lists the paths that a note of a job may have. @param kinds all ends by default */
  async #of(jobId: string, ...kinds: End[]): Promise<string[]> {
    const folders = await this.#folders();
    const wanted = kinds.length > 0 ? kinds : KINDS;
    return folders.flatMap((folder) => wanted.map((kind) => this.#path(folder, jobId, kind)));
  }

  /** Lists the folders of the notes, one per epoch. */
  async #folders(): Promise<string[]> {
    const entries = (await ifExists(readdir(this.#folder, { withFileTypes: true }))) ?? [];
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  #path(folder: string, jobId: string, status: End): string {
    return join(this.#folder, folder, `${encodeURIComponent(jobId)}.${status}${MANIFEST}`);
  }
}

/** Makes a folder's name from an epoch, which other programs may have written to Redis. */
function folderName(epoch: string): string {
  return encodeURIComponent(epoch).replaceAll('.', '%2E') || 'unnamed';
}
