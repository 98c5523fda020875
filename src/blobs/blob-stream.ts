import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';

/**
 * Size in bytes up to which small pieces are collected before a write. An upload may arrive byte by byte. A copy costs
 * less than a write, and than a Buffer object that is kept per byte.
 */
const COLLECTED_BYTES = 16 * 1024;

/** Writes a blob's bytes to its file, and hashes them. Unlike Node's file streams it leaves the file open for a flush. */
export class BlobStream extends Writable {
  readonly #hash = createHash('sha256');
  readonly #file: Promise<FileHandle>;
  #size = 0;
  #collected: Buffer | undefined;
  #length = 0;

  /** @param file the opened file. If it cannot be opened, the stream fails before it takes a byte */
  constructor(file: Promise<FileHandle>) {
    super({ construct: (done) => void file.then(() => done(), done) });
    this.#file = file;
  }

  /** Returns the size in bytes, and the SHA-256 in hex. It MUST be called once, after the stream has finished. */
  digest(): { size: number; contentHash: string } {
    return { size: this.#size, contentHash: this.#hash.digest('hex') };
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#size += bytes.length;
    if (this.#length + bytes.length <= COLLECTED_BYTES) {
      this.#collect(bytes);
      done();
    } else void this.#flushBefore(bytes).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#flush().then(() => done(), done);
  }

  #collect(bytes: Buffer): void {
    this.#collected ??= Buffer.allocUnsafe(COLLECTED_BYTES);
    this.#length += bytes.copy(this.#collected, this.#length);
  }

  async #flushBefore(bytes: Buffer): Promise<void> {
    await this.#flush();
    if (bytes.length > COLLECTED_BYTES) await this.#store(bytes);
    else this.#collect(bytes);
  }

  async #flush(): Promise<void> {
    if (!this.#collected || this.#length === 0) return;
    const bytes = this.#collected.subarray(0, this.#length);
    this.#length = 0;
    await this.#store(bytes);
  }

  async #store(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    await (await this.#file).writeFile(bytes);
  }
}
