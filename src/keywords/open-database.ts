import { DatabaseSync } from 'node:sqlite';

/**
 * Longest wait for a lock, in ms. `npm run adopt` also opens the catalogue. A file is locked while another thread closes or
 * recovers it.
 */
export const BUSY_TIMEOUT_MS = 2000;

/**
 * Opens a file of the index, or makes it. A power failure may lose the last writes but damages nothing. The index is
 * derived, so the comparison with Chroma writes them again.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Performs work in one transaction. A thrown error undoes it. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself ends the transaction after some errors.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
