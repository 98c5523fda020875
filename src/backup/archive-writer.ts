import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

import { ArchiveDigest, END } from './archive-format.ts';

/** Writes a backup: a tar file with a head and an end. The caller MUST call exactly one of `finish` and `discard`. */
export class ArchiveWriter {
  readonly #path: string;
  readonly #partial: string;
  readonly #pack: Pack = pack();
  readonly #digest = new ArchiveDigest();
  readonly #written: Promise<void>;
  readonly #failed: Promise<never>;

  /** @param path of the finished backup; the unfinished one grows at `{path}.tmp` */
  constructor(path: string) {
    this.#path = path;
    this.#partial = `${path}.tmp`;
    // Only the owner may read it, because it holds every user's uploads.
    this.#written = pipeline(this.#pack, createWriteStream(this.#partial, { mode: 0o600 }));
    this.#failed = this.#written.then(() => new Promise<never>(() => {}));
    this.#failed.catch(() => {});
  }

  async addText(name: string, text: string | Buffer, mtime: Date): Promise<void> {
    const bytes = Buffer.from(text);
    await this.add(name, bytes.length, mtime, [bytes]);
  }

  /** @param content exactly `size` bytes */
  async add(
    name: string,
    size: number,
    mtime: Date,
    content: AsyncIterable<Buffer> | Iterable<Buffer>,
  ): Promise<void> {
    this.#digest.begin(name, size);
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => {});
    const entry = this.#pack.entry({ name, size, mtime, mode: 0o600 }, (error) =>
      error ? done.reject(error) : done.resolve(),
    ) as unknown as NodeJS.WritableStream;
    for await (const bytes of content) {
      this.#digest.update(bytes);
      if (!entry.write(bytes)) await Promise.race([once(entry, 'drain'), this.#failed]);
    }
    entry.end();
    await Promise.race([done.promise, this.#failed]);
  }

  /** Ends the file, flushes it, and renames it to its final path. */
  async finish(): Promise<void> {
    await this.addText(END, JSON.stringify(this.#digest.end()), new Date());
    this.#pack.finalize();
    await this.#written;
    await flush(this.#partial);
    await rename(this.#partial, this.#path);
    await flush(dirname(this.#path));
  }

  /** Removes the unfinished file. */
  async discard(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => {});
    await rm(this.#partial, { force: true });
  }
}

async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
