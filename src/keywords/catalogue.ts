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
`;

/** Records the collections of the index, which of them are complete, and the installation whose chunks they hold. */
export class Catalogue {
  readonly #database: DatabaseSync;
  readonly #statements;

  /** Opens the catalogue of a folder. A new one is incomplete. */
  constructor(folder: string) {
    const database = openDatabase(join(folder, CATALOGUE_FILE));
    try {
      database.exec(SCHEMA);
      this.#statements = {
        read: database.prepare('SELECT id, complete FROM installation'),
        adopt: database.prepare('UPDATE installation SET id = ? WHERE id IS NULL'),
        list: database.prepare('SELECT name, complete FROM collections ORDER BY name'),
        find: database.prepare('SELECT complete FROM collections WHERE name = ?'),
        set: database.prepare('INSERT OR REPLACE INTO collections VALUES (?, ?)'),
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

  /** Returns a collection's flag; `undefined` for a collection without a file. */
  find(name: string): { complete: boolean } | undefined {
    const row = this.#statements.find.get(name);
    return row && { complete: row['complete'] === 1 };
  }

  list(): { name: string; complete: boolean }[] {
    return this.#statements.list
      .all()
      .map(({ name, complete }) => ({ name: String(name), complete: complete === 1 }));
  }

  /** Records a collection, or changes its flag. */
  set(name: string, complete: boolean): void {
    this.#statements.set.run(name, Number(complete));
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
