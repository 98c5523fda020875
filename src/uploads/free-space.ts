import { statfs } from 'node:fs/promises';

import { diskFull } from './storage-problem.ts';

/** How long a look at the disk holds: asking the system costs an upload more than its own books do. */
const LOOK_MS = 1000;
/** Unless told otherwise. Redis needs room to rewrite its append-only file, and jobs under way to write theirs. */
const MIN_FREE_BYTES = 1024 ** 3;
/** On a disk smaller than 20 GiB, that share of it instead: most of it has to stay usable. */
const MIN_FREE_SHARE = 0.05;

/** The room that one upload has been granted. It MUST be released once the upload has ended. */
export interface Claim {
  /**
   * Notes bytes that are about to be written.
   * @throws {AppError} `disk_full` when the disk would fall below its floor
   */
  take(bytes: number): Promise<void>;
  /** Gives back what was granted and not taken. */
  release(): void;
}

/**
 * Keeps a floor of free space on the file systems that uploads and Redis write to. Between two looks at the disk it
 * counts what uploads under way were granted and have written.
 */
export class FreeSpace {
  readonly #root: string;
  readonly #others: readonly string[];
  readonly #minFreeBytes: number | undefined;
  /** Above the floor, in bytes, as of the last look; below it when negative. */
  #spare = 0;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  /** Bytes written since the last look. */
  #written = 0;
  /** Bytes granted to uploads under way and not written yet. */
  #granted = 0;

  /**
   * @param root the folder that uploads go to
   * @param others folders whose file systems must keep the floor too; one that is missing is left out
   * @param minFreeBytes the floor; 1 GiB or 5 % of the file system, whichever is less, when left out
   */
  constructor(root: string, others: readonly string[], minFreeBytes: number | undefined) {
    this.#root = root;
    this.#others = others;
    this.#minFreeBytes = minFreeBytes;
  }

  /**
   * Grants an upload room.
   * @param bytes how much it says that it needs; 0 where it does not say
   * @throws {AppError} `disk_full`
   */
  async claim(bytes: number): Promise<Claim> {
    await this.#look(bytes);
    this.#require(bytes);
    this.#granted += bytes;
    let left = bytes;
    const giveBack = (count: number) => {
      this.#granted -= count;
      left -= count;
    };
    return {
      take: async (count) => {
        await this.#look(Math.max(0, count - left));
        this.#require(Math.max(0, count - left));
        giveBack(Math.min(count, left));
        this.#written += count;
      },
      release: () => giveBack(left),
    };
  }

  /** Throws when the disk is at its floor, so that no upload would be taken. */
  async check(): Promise<void> {
    await this.#look(1);
    this.#require(1);
  }

  #require(bytes: number): void {
    if (this.#room >= bytes) return;
    const cause = new Error(
      `free space above the floor: ${this.#spare} bytes; uploads under way: ${this.#granted}; asked for: ${bytes}`,
    );
    throw diskFull(cause);
  }

  get #room(): number {
    return this.#spare - this.#written - this.#granted;
  }

  /** Looks at the disk when the last look is old, or leaves too little room: nothing is refused on an old look. */
  async #look(bytes: number): Promise<void> {
    const old = performance.now() - this.#lookedAt > LOOK_MS;
    if (!old && this.#room >= bytes) return;
    this.#looking ??= this.#lookNow().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async #lookNow(): Promise<void> {
    const lookedAt = performance.now();
    const written = this.#written;
    const [own = 0, ...others] = await Promise.all(
      [this.#root, ...this.#others].map((path) => this.#spareOf(path)),
    );
    // Another file system does not take the uploads' bytes, but it must have its floor.
    this.#spare = others.some((spare) => spare < 0) ? Math.min(own, ...others) : own;
    // Bytes written meanwhile may count twice until the next look. None is forgotten.
    this.#written -= written;
    this.#lookedAt = lookedAt;
  }

  async #spareOf(path: string): Promise<number> {
    try {
      const { bavail, blocks, bsize } = await statfs(path);
      return (
        bavail * bsize - (this.#minFreeBytes ?? Math.min(MIN_FREE_BYTES, blocks * bsize * MIN_FREE_SHARE))
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Infinity;
      throw error;
    }
  }
}
