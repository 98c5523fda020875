import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Logger } from '../logging/logger.ts';
import { Catalogue, CATALOGUE_FILE } from './catalogue.ts';
import { CollectionFile } from './collection-file.ts';
import { isDamage, KeywordError } from './errors.ts';

/** Collections with an open file. Each takes three descriptors and at most 2 MB of SQLite's cache. */
const MAX_OPEN = 100;

/**
 * Opens the files of the index: a catalogue, and one file for each collection. A file that is missing, damaged or of another
 * version is made anew, and its collection is incomplete until the comparison has filled it.
 */
export class IndexFiles {
  readonly #folder: string;
  readonly #logger: Logger;
  /** Open files, least recently used first. */
  readonly #open = new Map<string, CollectionFile>();
  #catalogue: Catalogue;

  /** Opens the index, and checks each file. A folder without a catalogue becomes a new, incomplete index. */
  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
    mkdirSync(folder, { recursive: true });
    this.#catalogue = this.#openCatalogue();
    this.withCatalogue((catalogue) => {
      for (const { name } of catalogue.list()) this.#file(name, false);
    });
  }

  /** Works on a collection's file. @returns `undefined` for a collection without one */
  read<T>(name: string, work: (file: CollectionFile) => T): T | undefined {
    return this.withCatalogue(() => {
      const file = this.#file(name, false);
      return file && this.#repeatIfDamaged(name, file, work);
    });
  }

  /** Works on a collection's file, and makes a missing one. */
  write<T>(name: string, work: (file: CollectionFile) => T): T {
    return this.withCatalogue(() => this.#repeatIfDamaged(name, this.#file(name, true), work));
  }

  /** Works with the catalogue. A damaged one is removed with all files, and the work is repeated on a new index. */
  withCatalogue<T>(work: (catalogue: Catalogue) => T): T {
    try {
      return work(this.#catalogue);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#logger.warn('the catalogue of the keyword index is damaged: the index begins anew', { error });
      this.close();
      removeDatabase(join(this.#folder, CATALOGUE_FILE));
      this.#catalogue = this.#openCatalogue();
      return work(this.#catalogue);
    }
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
    this.#catalogue.close();
  }

  #repeatIfDamaged<T>(name: string, file: CollectionFile, work: (file: CollectionFile) => T): T {
    try {
      return work(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      file.close();
      this.#open.delete(name);
      const anew = this.#keep(name, this.#makeAnew(name, 'damaged', error));
      try {
        return work(anew);
      } catch (again) {
        if (!isDamage(again)) throw again;
        throw new KeywordError(
          'storage_failed',
          'A new file of the keyword index is damaged at once. Check its disk.',
          {
            cause: again,
          },
        );
      }
    }
  }

  #file(name: string, make: true): CollectionFile;
  #file(name: string, make: boolean): CollectionFile | undefined;
  #file(name: string, make: boolean): CollectionFile | undefined {
    const open = this.#open.get(name);
    if (open) {
      this.#open.delete(name);
      return this.#keep(name, open);
    }
    if (this.#catalogue.find(name) !== undefined) return this.#keep(name, this.#openOrMakeAnew(name));
    if (!make) return undefined;
    const path = this.#path(name);
    removeDatabase(path);
    const file = CollectionFile.create(path);
    // Records the file once it is there. A record without its file means a loss.
    this.#catalogue.set(name, true);
    return this.#keep(name, file);
  }

  #openOrMakeAnew(name: string): CollectionFile {
    if (!existsSync(this.#path(name))) return this.#makeAnew(name, 'missing');
    try {
      return CollectionFile.open(this.#path(name)) ?? this.#makeAnew(name, 'of another version');
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.#makeAnew(name, 'damaged', error);
    }
  }

  #makeAnew(collection: string, fault: string, error?: unknown): CollectionFile {
    this.#logger.warn(`a file of the keyword index is ${fault}: the workers fill a new one`, {
      collection,
      error,
    });
    // Marks it first, because the process may end before the new file is there.
    this.#catalogue.set(collection, false);
    removeDatabase(this.#path(collection));
    return CollectionFile.create(this.#path(collection));
  }

  #keep(name: string, file: CollectionFile): CollectionFile {
    this.#open.set(name, file);
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size > MAX_OPEN) {
      oldest[1].close();
      this.#open.delete(oldest[0]);
    }
    return file;
  }

  #openCatalogue(): Catalogue {
    const path = join(this.#folder, CATALOGUE_FILE);
    if (existsSync(path)) {
      try {
        return new Catalogue(this.#folder);
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#logger.warn('the catalogue of the keyword index is damaged: the index begins anew', { error });
      }
    }
    // Only the catalogue says which collection a file belongs to, and whether it is complete.
    for (const name of readdirSync(this.#folder))
      if (/\.sqlite(-wal|-shm)?$/.test(name)) rmSync(join(this.#folder, name));
    return new Catalogue(this.#folder);
  }

  #path(collection: string): string {
    const digest = createHash('sha256').update(collection).digest('hex');
    return join(this.#folder, `${digest.slice(0, 32)}.sqlite`);
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
