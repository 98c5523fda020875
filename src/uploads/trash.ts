import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Files that no store explains, as `{day}/{key}`. They wait for an operator to take them back, and then go. */
export class Trash {
  readonly #folder: string;

  /** @param folder its absolute path; made when the first file comes, on the originals' file system */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Moves a file here; one that is gone is left out. */
  async take(name: string, path: string): Promise<void> {
    const to = join(this.#folder, new Date().toISOString().slice(0, 10), name);
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(path, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /**
   * Deletes the days that are over.
   * @param keepDays for how many days a file waits
   * @returns the days that were deleted
   */
  async expire(keepDays: number): Promise<string[]> {
    const days = (await readdir(this.#folder).catch(() => [])).filter((name) => DAY.test(name));
    // A day ends with its last minute: what came then waits as long as the rest.
    const over = days.filter((day) => Date.now() - (Date.parse(day) + DAY_MS) > keepDays * DAY_MS);
    for (const day of over) await rm(join(this.#folder, day), { recursive: true, force: true });
    return over;
  }
}
