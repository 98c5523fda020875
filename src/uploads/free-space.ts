import { statfs } from 'node:fs/promises';

import { ifExists } from '../if-exists.ts';
import { diskFull } from './storage-problem.ts';

/** Time in ms that a disk reading counts, because a system call costs an upload more than this class' own count. */
const LOOK_MS = 1000;
/** Default floor in bytes. Redis needs room to rewrite its append-only file, and running jobs to write theirs. */
const MIN_FREE_BYTES = 1024 ** 3;
/** Default floor as a share of a disk below 20 GiB, because most of it must stay usable. */
const MIN_FREE_SHARE = 0.05;

/** Least room reserved for an upload, in bytes. The 256 open uploads that one client may have reserve 256 MiB. */
const LEAST_HELD = 1024 ** 2;

/** Room granted to one upload. Its owner MUST dispose of it once the upload has ended, which gives back the rest. */
export interface Claim extends Disposable {
  /**
   * Takes bytes from the grant, before they are written.
   * @throws {AppError} `disk_full` if the disk would fall below its floor
   */
  take(bytes: number): Promise<void>;
}

/**
 * Keeps a floor of free space on the file systems of uploads and Redis. Between two disk readings it counts the bytes
 * granted to uploads and written by them.
 */
export class FreeSpace {
  readonly #root: string;
  readonly #others: readonly string[];
  readonly #minFreeBytes: number | undefined;
  /** Bytes above the floor at the last reading; negative below it. */
  #spare = 0;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  /** Bytes written since the last reading. */
  #written = 0;
  /** Bytes granted to uploads under way and not yet written. */
  #granted = 0;

  /**
   * @param root the folder of the uploads
   * @param others folders on file systems that must also keep the floor. A missing folder does not count
   * @param minFreeBytes the floor; by default the lesser of 1 GiB and 5 % of the file system
   */
  constructor(root: string, others: readonly string[], minFreeBytes: number | undefined) {
    this.#root = root;
    this.#others = others;
    this.#minFreeBytes = minFreeBytes;
  }

  /**
   * Grants an upload room. It reserves only as much room as the upload has already sent. Otherwise a client that announced
   * much and sent little would take the disk from others.
   * @param bytes announced size, for which there must be room; 0 if unknown
   * @throws {AppError} `disk_full`
   */
  async claim(bytes: number): Promise<Claim> {
    await this.#look(bytes);
    this.#require(bytes);
    let sent = 0;
    let unsent = bytes;
    let held = 0;
    const hold = (change: number) => {
      this.#granted += change;
      held += change;
    };
    const holdMore = () => {
      const wanted = Math.min(unsent, Math.max(LEAST_HELD, sent));
      hold(Math.min(wanted - held, Math.max(0, this.#room)));
    };
    holdMore();
    return {
      take: async (count) => {
        const beyond = Math.max(0, count - held);
        await this.#look(beyond);
        this.#require(beyond);
        hold(-Math.min(count, held));
        this.#written += count;
        sent += count;
        unsent = Math.max(0, unsent - count);
        holdMore();
      },
      [Symbol.dispose]: () => hold(-held),
    };
  }

  /** Checks that the disk is above its floor. @throws {AppError} `disk_full` */
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

  /** Reads the disk if the last reading is old or leaves too little room, so that no old reading refuses an upload. */
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
    // Another file system takes no uploads, but it must keep its floor.
    this.#spare = others.some((spare) => spare < 0) ? Math.min(own, ...others) : own;
    // Counts bytes written meanwhile twice until the next reading, rather than not at all.
    this.#written -= written;
    this.#lookedAt = lookedAt;
  }

  async #spareOf(path: string): Promise<number> {
    const found = await ifExists(statfs(path));
    if (!found) return Infinity;
    const { bavail, blocks, bsize } = found;
    return bavail * bsize - (this.#minFreeBytes ?? Math.min(MIN_FREE_BYTES, blocks * bsize * MIN_FREE_SHARE));
  }
}
