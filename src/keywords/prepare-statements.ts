import type { DatabaseSync } from 'node:sqlite';

/** Prepares the SQL statements of a collection's file. */
export function prepareStatements(database: DatabaseSync) {
  return {
    addGeneration: database.prepare(
      'INSERT OR IGNORE INTO generations (document, generation, dead_since) VALUES (?, ?, ?)',
    ),
    findGeneration: database.prepare(
      'SELECT id, dead_since FROM generations WHERE document = ? AND generation = ?',
    ),
    markDead: database.prepare(
      'UPDATE generations SET dead_since = ? WHERE document = ? AND generation = ? AND dead_since IS NULL',
    ),
    forget: database.prepare(
      `DELETE FROM generations WHERE dead_since < ?
       AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.generation = generations.id)`,
    ),
    addChunk: database.prepare('INSERT OR IGNORE INTO chunks (generation, position) VALUES (?, ?)'),
    findChunk: database.prepare('SELECT id FROM chunks WHERE generation = ? AND position = ?'),
    listChunks: database.prepare('SELECT id FROM chunks WHERE generation = ? LIMIT ?'),
    deleteChunk: database.prepare('DELETE FROM chunks WHERE id = ?'),
    addText: database.prepare('INSERT INTO texts (rowid, tokens) VALUES (?, ?)'),
    deleteText: database.prepare('DELETE FROM texts WHERE rowid = ?'),
    addLanguage: database.prepare('INSERT OR IGNORE INTO languages VALUES (?)'),
    languages: database.prepare('SELECT language FROM languages ORDER BY language'),
    count: database.prepare(
      `SELECT count(*) AS count FROM chunks
       WHERE generation = (SELECT id FROM generations WHERE document = ? AND generation = ?)`,
    ),
    lastDead: database.prepare(
      'SELECT max(dead_since) AS dead_since FROM generations WHERE dead_since IS NOT NULL',
    ),
    countAll: database.prepare('SELECT count(*) AS count FROM chunks'),
    generations: database.prepare(
      `SELECT id, document, generation FROM generations g
       WHERE id > ? AND EXISTS (SELECT 1 FROM chunks WHERE chunks.generation = g.id) ORDER BY id LIMIT ?`,
    ),
  };
}
