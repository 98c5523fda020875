import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = '.probe-';
/** Age in ms above which a file of another process counts as left behind. */
const STALE_MS = 60 * 60 * 1000;
/** Time in ms that callers share a result, because many clients may ask for readiness at once. */
const FRESH_MS = 1000;

/** Proves that the blob store's folder takes writes. It writes a small file, reads it and removes it. */
export class BlobProbe {
  readonly #root: string;
  readonly #name = PREFIX + randomUUID();
  #last: Promise<void> | undefined;
  #at = -Infinity;

  constructor(root: string) {
    this.#root = root;
  }

  /** Probes the folder, at most once a second. @throws the system's error, for example `ENOSPC` */
  prove(): Promise<void> {
    if (performance.now() - this.#at > FRESH_MS) {
      // Sets this first, so that concurrent callers share the probe under way.
      this.#at = performance.now();
      this.#last = this.#write();
      this.#last.catch(() => {});
    }
    return this.#last ?? Promise.resolve();
  }

  /** Removes the files of killed processes. */
  async removeStale(): Promise<void> {
    for (const name of await readdir(this.#root)) {
      if (!name.startsWith(PREFIX)) continue;
      const path = join(this.#root, name);
      const found = await stat(path).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
    }
  }

  async #write(): Promise<void> {
    const path = join(this.#root, this.#name);
    const text = randomUUID();
    try {
      await writeFile(path, text, { flush: true });
      if ((await readFile(path, 'utf8')) !== text)
        throw new Error(`${path} holds other bytes than Sluice wrote: check the disk or the mount`);
    } finally {
      await rm(path, { force: true });
    }
  }
}
