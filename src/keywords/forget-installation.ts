import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { CATALOGUE_FILE } from './catalogue.ts';
import { KeywordError } from './errors.ts';
import { openDatabase } from './open-database.ts';

const FORGET = 'UPDATE installation SET id = NULL, complete = 0 WHERE id IS NOT NULL';

/**
 * Makes an index forget its installation, so that it adopts the next that writes. Its chunks stay, and the comparison
 * corrects them.
 * @returns whether there was an index with an installation
 * @throws {KeywordError} `storage_failed` if the catalogue is damaged, or cannot be written
 */
export function forgetInstallation(folder: string): boolean {
  const path = join(folder, CATALOGUE_FILE);
  if (!existsSync(path)) return false;
  try {
    const database = openDatabase(path);
    try {
      return database.prepare(FORGET).run().changes > 0;
    } finally {
      database.close();
    }
  } catch (cause) {
    const detail =
      `The keyword index cannot forget its installation, because SQLite cannot open or write ${path}: ${(cause as Error).message}. ` +
      `Make it writable. If it is damaged, remove ${folder}: the workers fill a new index.`;
    throw new KeywordError('storage_failed', detail, { cause });
  }
}
