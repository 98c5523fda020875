import type { DatabaseSync } from 'node:sqlite';

import { type Language, TOKENIZER_VERSION } from '../tokens/tokenize.ts';
import type { FileCount } from './catalogue.ts';
import { KeywordError } from './errors.ts';
import { inTransaction, openDatabase } from './open-database.ts';
import { prepareStatements } from './prepare-statements.ts';

/** Age in ms from which the index forgets a deleted generation. No worker holds a claim that long. */
const TOMBSTONE_MS = 30 * 24 * 60 * 60 * 1000;
/** Most generations in a page. */
const PAGE = 1000;

/**
 * Version of the schema below. The tokens of a text depend on the tokenizer's version, so a file of either other version
 * is made anew.
 */
export const VERSION = `1/${TOKENIZER_VERSION}`;

/** Every visible ASCII character that is no letter and no digit. Letters, digits and non-ASCII are part of a token by default. */
const TOKEN_CHARACTERS = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
/** Splits at spaces alone, so that FTS5 keeps each of our tokens whole. */
const TOKENIZER = `ascii tokenchars ${quoted(TOKEN_CHARACTERS)}`;

const SCHEMA = `
CREATE TABLE version (version TEXT NOT NULL);
CREATE TABLE languages (language TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE generations (
  id INTEGER PRIMARY KEY,
  document TEXT NOT NULL,
  generation TEXT NOT NULL,
  dead_since INTEGER,
  UNIQUE (document, generation)
);
CREATE INDEX dead ON generations (dead_since) WHERE dead_since IS NOT NULL;
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  UNIQUE (generation, position)
);
CREATE VIRTUAL TABLE texts USING fts5 (
  tokens, content = '', contentless_delete = 1, detail = full, tokenize = ${quoted(TOKENIZER)}
);
INSERT INTO version VALUES (${quoted(VERSION)});
`;

/** A chunk as the index stores it. */
export interface TokenizedChunk {
  index: number;
  language: Language;
  /** Tokens, joined by spaces. */
  tokens: string;
}

interface GenerationName {
  document_id: string;
  generation: string;
}

/** Chunks of a generation to store. */
export interface TokenizedWrite extends GenerationName {
  chunks: readonly TokenizedChunk[];
}

/** Files that this process has opened. */
let opened = 0;

/** The index of one collection: an SQLite file. All calls are synchronous. */
export class CollectionFile {
  /** Number of this opening. A file that replaces another one has another number. */
  readonly revision = opened++;
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #chunkCount: number;

  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.#chunkCount = Number(this.#statements.countAll.get()?.['count']);
  }

  /** Makes a file. There MUST be none. */
  static create(path: string): CollectionFile {
    const database = openDatabase(path);
    try {
      inTransaction(database, () => database.exec(SCHEMA));
      return new CollectionFile(path, database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Opens a file. @returns `undefined` for an empty one, and for one of another version */
  static open(path: string): CollectionFile | undefined {
    const database = openDatabase(path);
    try {
      const hasVersion = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'version'").get();
      const version = hasVersion && database.prepare('SELECT version FROM version').get();
      if (version?.['version'] === VERSION) return new CollectionFile(path, database);
    } catch (error) {
      database.close();
      throw error;
    }
    database.close();
    return undefined;
  }

  /**
   * Stores chunks of some generations, and replaces those of the same index. One transaction takes all, because each has a
   * high fixed cost.
   * @throws {KeywordError} `dead_generation` for a deleted generation; nothing is stored then
   */
  upsert(writes: readonly TokenizedWrite[]): void {
    this.#chunkCount += inTransaction(this.#database, () =>
      writes.reduce((added, write) => added + this.#add(write), 0),
    );
  }

  /** Stores chunks of a generation. @returns the number of those that were not there */
  #add({ document_id, generation, chunks }: TokenizedWrite): number {
    const run = this.#statements;
    run.addGeneration.run(document_id, generation, null);
    const found = run.findGeneration.get(document_id, generation);
    if (found?.['dead_since'] !== null) {
      const detail = `Generation ${generation} of document ${document_id} was deleted.`;
      throw new KeywordError('dead_generation', detail);
    }
    const id = Number(found['id']);
    let added = 0;
    for (const language of new Set(chunks.map((chunk) => chunk.language))) run.addLanguage.run(language);
    for (const { index, tokens } of chunks) {
      const { changes, lastInsertRowid } = run.addChunk.run(id, index);
      const row = changes > 0 ? lastInsertRowid : Number(run.findChunk.get(id, index)?.['id']);
      if (changes === 0) run.deleteText.run(row);
      else added++;
      run.addText.run(row, tokens);
    }
    return added;
  }

  /** Marks a generation as dead, also one without chunks. Forgets tombstones older than {@link TOMBSTONE_MS}. */
  markDead({ document_id, generation }: GenerationName): void {
    const now = Date.now();
    inTransaction(this.#database, () => {
      this.#statements.addGeneration.run(document_id, generation, now);
      this.#statements.markDead.run(now, document_id, generation);
      this.#statements.forget.run(now - TOMBSTONE_MS);
    });
  }

  /** Deletes some chunks of a dead generation. @returns their number */
  deleteChunks({ document_id, generation }: GenerationName, limit: number): number {
    const run = this.#statements;
    const deleted = inTransaction(this.#database, () => {
      const id = Number(run.findGeneration.get(document_id, generation)?.['id'] ?? -1);
      const rows = run.listChunks.all(id, limit);
      for (const { id: row } of rows) {
        run.deleteText.run(Number(row));
        run.deleteChunk.run(Number(row));
      }
      return rows.length;
    });
    this.#chunkCount -= deleted;
    return deleted;
  }

  /** Counts the chunks of a generation. */
  countOf({ document_id, generation }: GenerationName): number {
    return Number(this.#statements.count.get(document_id, generation)?.['count']);
  }

  /** Lists the languages of all chunks that the file has ever held. */
  get languages(): Language[] {
    return this.#statements.languages.all().map(({ language }) => language as Language);
  }

  get chunkCount(): number {
    return this.#chunkCount;
  }

  /**
   * Returns the count for the catalogue. A file without chunks only refuses late writes, so it may go once its last tombstone
   * is {@link TOMBSTONE_MS} old.
   */
  count(): FileCount {
    const chunkCount = this.#chunkCount;
    if (chunkCount > 0) return { chunkCount, removableAt: undefined };
    const deadSince = Number(this.#statements.lastDead.get()?.['dead_since'] ?? 0);
    return { chunkCount, removableAt: deadSince + TOMBSTONE_MS };
  }

  /** Lists a page of generations with chunks. @param after `next` of the page before; 0 for the first */
  generations(after: number): { generations: GenerationName[]; next: number | undefined } {
    const rows = this.#statements.generations.all(after, PAGE);
    return {
      generations: rows.map((row) => ({
        document_id: String(row['document']),
        generation: String(row['generation']),
      })),
      next: rows.length === PAGE ? Number(rows.at(-1)?.['id']) : undefined,
    };
  }

  close(): void {
    this.#database.close();
  }
}

/** Formats a text as a literal of SQL and of FTS5. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
