import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { KeywordError } from './errors.ts';
import { openDatabase } from './open-database.ts';

/** File of the catalogue in the folder of the index. */
export const CATALOGUE_FILE = 'catalogue.sqlite';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT,
  complete INTEGER NOT NULL
);
INSERT OR IGNORE INTO installation VALUES (1, NULL, 0);
CREATE TABLE IF NOT EXISTS collections (name TEXT PRIMARY KEY, complete INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (
  name TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  chunk_count INTEGER NOT NULL,
  removable_at INTEGER
) WITHOUT ROWID;
`;

/** Content of a collection's file, which the catalogue records when the file closes. */
export interface FileCount {
  chunkCount: number;
  /** Time from which the file may go, in ms since 1970; `undefined` while it holds a chunk. */
  removableAt: number | undefined;
}

/** A collection in the catalogue. */
interface Entry {
  name: string;
  complete: boolean;
  /** `undefined` from the first write after a count to the next close. */
  count: FileCount | undefined;
}

/** Records the collections of the index, which of them are complete, and the installation whose chunks they hold. */
export class Catalogue {
  readonly #database: DatabaseSync;
  readonly #statements;

  /**
   * Opens the catalogue of a folder. A new one is incomplete.
   * @param version version of the collections' files. The catalogue ignores counts of other versions.
   */
  constructor(folder: string, version: string) {
    const database = openDatabase(join(folder, CATALOGUE_FILE));
    try {
      database.exec(SCHEMA);
      const list = `SELECT name, complete, chunk_count, removable_at
        FROM collections LEFT JOIN (SELECT * FROM counts WHERE version = '${version}') USING (name)`;
      this.#statements = {
        read: database.prepare('SELECT id, complete FROM installation'),
        adopt: database.prepare('UPDATE installation SET id = ? WHERE id IS NULL'),
        list: database.prepare(`${list} ORDER BY name`),
        find: database.prepare(`${list} WHERE name = ?`),
        set: database.prepare('INSERT OR REPLACE INTO collections VALUES (?, ?)'),
        remove: database.prepare('DELETE FROM collections WHERE name = ?'),
        setCount: database.prepare(`INSERT OR REPLACE INTO counts VALUES (?, '${version}', ?, ?)`),
        forgetCount: database.prepare('DELETE FROM counts WHERE name = ?'),
        completeOne: database.prepare('UPDATE collections SET complete = 1 WHERE name = ?'),
        completeAll: database.prepare('UPDATE collections SET complete = 1'),
        complete: database.prepare('UPDATE installation SET complete = 1'),
      };
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
  }

  /** True once the comparison has filled the whole index since it was made. */
  get complete(): boolean {
    return this.#statements.read.get()?.['complete'] === 1;
  }

  /** Adopts the first installation that writes. @throws {KeywordError} `installation_mismatch` for another */
  admit(installation: string): void {
    // Reads the id each time, because the command `adopt` may remove it.
    const own = this.#statements.read.get()?.['id'];
    if (own === installation) return;
    if (own === null) this.#statements.adopt.run(installation);
    else this.ensureOwn(installation);
  }

  /** @throws {KeywordError} `installation_mismatch` if another installation has written */
  ensureOwn(installation: string): void {
    const own = this.#statements.read.get()?.['id'];
    if (own === null || own === installation) return;
    throw new KeywordError(
      'installation_mismatch',
      `The keyword index belongs to installation ${String(own)}, and ${installation} called it. ` +
        'Correct KEYWORDS_URL. To give the index to the other installation, stop the role and remove its folder.',
    );
  }

  /** Returns a collection's entry; `undefined` for a collection without a file. */
  find(name: string): Entry | undefined {
    const row = this.#statements.find.get(name);
    return row && entryOf(row);
  }

  list(): Entry[] {
    return this.#statements.list.all().map(entryOf);
  }

  /** Records a collection, or changes its flag. Forgets its count, because its file is new. */
  set(name: string, complete: boolean): void {
    this.#statements.forgetCount.run(name);
    this.#statements.set.run(name, Number(complete));
  }

  /** Forgets a collection whose file is about to go. */
  remove(name: string): void {
    this.#statements.forgetCount.run(name);
    this.#statements.remove.run(name);
  }

  /** Records the count of a file that is about to be closed. */
  setCount(name: string, { chunkCount, removableAt }: FileCount): void {
    this.#statements.setCount.run(name, chunkCount, removableAt ?? null);
  }

  /** Forgets a count. MUST come before the write that changes the file, because the process may end between them. */
  forgetCount(name: string): void {
    this.#statements.forgetCount.run(name);
  }

  /** Marks a collection as complete; without a name, the whole index. */
  markComplete(name: string | undefined): void {
    if (name !== undefined) this.#statements.completeOne.run(name);
    else {
      this.#statements.completeAll.run();
      this.#statements.complete.run();
    }
  }

  close(): void {
    this.#database.close();
  }
}

function entryOf(row: Record<string, unknown>): Entry {
  const { name, complete, chunk_count: chunkCount, removable_at: removableAt } = row;
  const count =
    chunkCount === null
      ? undefined
      : {
          chunkCount: Number(chunkCount),
          removableAt: removableAt === null ? undefined : Number(removableAt),
        };
  return { name: String(name), complete: complete === 1, count };
}
