import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { KeywordCollections } from '../contract/services/keywords.ts';
import type { Logger } from '../logging/logger.ts';
import { Catalogue, CATALOGUE_FILE, type FileCount } from './catalogue.ts';
import { CollectionFile, VERSION } from './collection-file.ts';
import { isDamage, KeywordError } from './errors.ts';

/** Collections with an open file. Each takes three descriptors and at most 2 MB of SQLite's cache. */
const MAX_OPEN = 100;
/** Name of a collection's file, and of what SQLite writes beside it. See `#path`. */
const COLLECTION_FILE = /^[0-9a-f]{32}\.sqlite(-wal|-shm)?$/;

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

  /** Opens the index. A folder without a catalogue becomes a new, incomplete index. */
  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
    mkdirSync(folder, { recursive: true });
    this.#catalogue = this.#openCatalogue();
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
    return this.withCatalogue((catalogue) => {
      const file = this.#file(name, true);
      catalogue.forgetCount(name);
      return this.#repeatIfDamaged(name, file, work);
    });
  }

  /**
   * Makes a file anew that another thread found damaged or missing, unless it was opened again since.
   * @returns whether to repeat the work
   */
  replaceLost(name: string, revision: number, error: unknown): boolean {
    const isMissing = !existsSync(this.#path(name));
    if (!isMissing && !isDamage(error)) return false;
    if (this.#open.get(name)?.revision === revision)
      this.withCatalogue(() => this.#replace(name, isMissing ? 'missing' : 'damaged', error));
    return true;
  }

  /**
   * Lists the collections, and removes the files of those that need none. Opens only files whose count the catalogue lacks, and
   * gives other calls a turn after each.
   */
  async list(): Promise<KeywordCollections['collections']> {
    const present = new Set(readdirSync(this.#folder));
    const counts = new Map<string, number>();
    for (const entry of this.withCatalogue((catalogue) => catalogue.list())) {
      const isPresent = present.has(basename(this.#path(entry.name)));
      // An open file still works when its name is gone, but loses all at the close.
      if (!isPresent) this.#drop(entry.name);
      const isOpen = this.#open.has(entry.name);
      const isCounted = !isOpen && entry.count && isPresent;
      const count = isCounted ? entry.count : this.read(entry.name, (file) => file.count());
      if (!isOpen && !isCounted) await nextTurn();
      if (count && !this.#removeIfEmpty(entry, count)) counts.set(entry.name, count.chunkCount);
    }
    // Reads the flags last, because a read may have found damage.
    return this.withCatalogue((catalogue) =>
      catalogue.list().map(({ name, complete }) => ({ name, chunk_count: counts.get(name) ?? 0, complete })),
    );
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
    for (const [name, file] of this.#open) this.#close(name, file);
    this.#catalogue.close();
  }

  #close(name: string, file: CollectionFile): void {
    try {
      this.#catalogue.setCount(name, file.count());
    } catch {
      // The next list counts again.
    }
    file.close();
    this.#open.delete(name);
  }

  /** Removes the file of a complete collection that holds no chunk, and no tombstone that matters. @returns whether it did */
  #removeIfEmpty(
    { name, complete }: { name: string; complete: boolean },
    { removableAt }: FileCount,
  ): boolean {
    const isRemovable = (at = Infinity) => at <= Date.now();
    if (!complete || !isRemovable(removableAt)) return false;
    // The list may be older than a write.
    if (!isRemovable(this.read(name, (file) => file.count())?.removableAt)) return false;
    return this.withCatalogue((catalogue) => {
      // The read may have found damage.
      if (!catalogue.find(name)?.complete) return false;
      this.#drop(name);
      // Forgets the file first. A record without its file means a loss.
      catalogue.remove(name);
      removeDatabase(this.#path(name));
      return true;
    });
  }

  /** Closes a file without a count, because it is lost. */
  #drop(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
  }

  #repeatIfDamaged<T>(name: string, file: CollectionFile, work: (file: CollectionFile) => T): T {
    try {
      return work(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const anew = this.#replace(name, 'damaged', error);
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

  #replace(name: string, fault: string, error: unknown): CollectionFile {
    this.#drop(name);
    return this.#keep(name, this.#makeAnew(name, fault, error));
  }

  #file(name: string, make: true): CollectionFile;
  #file(name: string, make: boolean): CollectionFile | undefined;
  #file(name: string, make: boolean): CollectionFile | undefined {
    const open = this.#open.get(name);
    if (open) {
      this.#open.delete(name);
      return this.#keep(name, open);
    }
    const entry = this.#catalogue.find(name);
    if (entry) {
      const file = this.#openOrMakeAnew(name);
      // A power failure may have lost the last writes of the file or of the catalogue.
      if (entry.count?.chunkCount !== file.chunkCount) this.#catalogue.forgetCount(name);
      return this.#keep(name, file);
    }
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
    if (oldest !== undefined && this.#open.size > MAX_OPEN) this.#close(...oldest);
    return file;
  }

  #openCatalogue(): Catalogue {
    try {
      return this.#openAndTidy();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#logger.warn('the catalogue of the keyword index is damaged: the index begins anew', { error });
      removeDatabase(join(this.#folder, CATALOGUE_FILE));
      return this.#openAndTidy();
    }
  }

  /** Opens the catalogue, and removes the collection files that it does not know. Only it says which collection a file belongs to. */
  #openAndTidy(): Catalogue {
    const catalogue = new Catalogue(this.#folder, VERSION);
    const known = new Set(catalogue.list().map(({ name }) => basename(this.#path(name))));
    for (const name of readdirSync(this.#folder))
      if (COLLECTION_FILE.test(name) && !known.has(name.replace(/-\w+$/, '')))
        rmSync(join(this.#folder, name));
    return catalogue;
  }

  #path(collection: string): string {
    const digest = createHash('sha256').update(collection).digest('hex');
    return join(this.#folder, `${digest.slice(0, 32)}.sqlite`);
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
