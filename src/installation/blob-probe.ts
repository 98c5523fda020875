import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = '.probe-';
/** What a process that was killed left behind goes after so long. */
const STALE_MS = 60 * 60 * 1000;
/** Readiness may be asked for by many at once: the disk is written to once for all of them. */
const FRESH_MS = 1000;

/** Proves that the blob store's folder takes writes, by writing a small file, reading and removing it. */
export class BlobProbe {
  readonly #root: string;
  readonly #name = PREFIX + randomUUID();
  #last: Promise<void> | undefined;
  #at = -Infinity;

  constructor(root: string) {
    this.#root = root;
  }

  /** @throws the system's error, e.g. `ENOSPC`; an answer younger than a second counts again */
  prove(): Promise<void> {
    if (performance.now() - this.#at > FRESH_MS) {
      // Set now: whoever asks meanwhile shares the probe that is under way.
      this.#at = performance.now();
      this.#last = this.#write();
      this.#last.catch(() => {});
    }
    return this.#last ?? Promise.resolve();
  }

  /** Removes what killed processes have left. */
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
      const file = await open(path, 'w');
      try {
        await file.writeFile(text);
        await file.datasync();
      } finally {
        await file.close();
      }
      if ((await readFile(path, 'utf8')) !== text)
        throw new Error(`${path} does not hold what was written to it`);
    } finally {
      await rm(path, { force: true });
    }
  }
}
