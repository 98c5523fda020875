import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ifExists } from '../if-exists.ts';
import { makeFolder } from './make-folder.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Keeps files that no store explains, as `{day}/{key}`, until their time ends or an operator moves them back. */
export class Trash {
  readonly #folder: string;

  /** @param folder its absolute path, on the originals' file system; made for the first file */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Moves a file into the trash, if it still exists. */
  async take(name: string, path: string): Promise<void> {
    const to = join(this.#folder, new Date().toISOString().slice(0, 10), name);
    await ifExists(makeFolder(dirname(this.#folder), dirname(to)).then(() => rename(path, to)));
  }

  /**
   * Deletes the days whose time has ended.
   * @param keepDays days that a file stays
   * @returns the deleted days
   */
  async expire(keepDays: number): Promise<string[]> {
    const days = (await readdir(this.#folder).catch(() => [])).filter((name) => DAY.test(name));
    // Counts from the end of a day, so that its last file stays as long as the others.
    const over = days.filter((day) => Date.now() - (Date.parse(day) + DAY_MS) > keepDays * DAY_MS);
    for (const day of over) await rm(join(this.#folder, day), { recursive: true, force: true });
    return over;
  }
}
