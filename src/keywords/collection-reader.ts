import { DatabaseSync } from 'node:sqlite';

import type { KeywordHits } from '../contract/services/keywords.ts';
import { BUSY_TIMEOUT_MS } from './open-database.ts';

/** Size of a collection, in chunks, from which on a query leaves out frequent tokens. In a smaller one every query is fast. */
const LARGE = 10_000;
/** Most tokens of a query, the rarest of them. SQLite reads a list for each. */
const MAX_TOKENS = 64;
/** Rarest tokens of a query that it keeps in any case. An ordinary query has no more. */
const ORDINARY_TOKENS = 16;
/**
 * Most matches of a longer query's tokens, all together, because the time grows with them. Measured with 150,000 chunks: 54
 * common words took 963 ms without this bound, and 360 ms with it.
 */
const MAX_MATCHES = 300_000;

/** `CROSS JOIN` keeps SQLite from searching the text once for each document. */
const QUERY = (condition: string) => `
  SELECT document, g.generation, position, rank
  FROM texts CROSS JOIN chunks c ON c.id = texts.rowid CROSS JOIN generations g ON g.id = c.generation
  WHERE texts MATCH ? AND dead_since IS NULL ${condition}
  ORDER BY rank LIMIT ?`;

/** A query of one collection's file. */
export interface CollectionQuery {
  tokens: readonly string[];
  limit: number;
  documents?: string[] | undefined;
  /** Number of chunks in the file. */
  chunkCount: number;
}

/** Searches the file of one collection, on a connection of its own that cannot write. A write does not wait for it. */
export class CollectionReader {
  readonly #database: DatabaseSync;
  readonly #statements;

  constructor(path: string) {
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      database.exec('CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, texts, row)');
      this.#statements = {
        frequency: database.prepare('SELECT doc FROM temp.vocabulary WHERE term = ?'),
        query: database.prepare(QUERY('')),
        queryDocuments: database.prepare(QUERY('AND document IN (SELECT value FROM json_each(?))')),
      };
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
  }

  /** Finds the chunks with any token of a query, best first. Leaves out chunks that are being deleted. */
  find({ limit, documents, ...query }: CollectionQuery): Pick<KeywordHits, 'hits' | 'tokens'> {
    const tokens = this.#rarestTokens(query);
    if (tokens.length === 0) return { tokens, hits: [] };
    const match = tokens.map((token) => `"${token.replaceAll('"', '""')}"`).join(' OR ');
    const rows = documents
      ? this.#statements.queryDocuments.all(match, JSON.stringify(documents), limit)
      : this.#statements.query.all(match, limit);
    const hits = rows.map(({ document, generation, position, rank }) => ({
      document_id: String(document),
      generation: String(generation),
      index: Number(position),
      // FTS5 gives better matches lower numbers.
      score: -Number(rank),
    }));
    return { tokens, hits };
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Returns the rarest tokens of a query that the file holds. Leaves out those that most chunks of a large collection hold, if
   * others remain: BM25 gives them no weight, but they take two thirds of the time.
   */
  #rarestTokens({ tokens, chunkCount: all }: Pick<CollectionQuery, 'tokens' | 'chunkCount'>): string[] {
    if (all < LARGE && tokens.length <= MAX_TOKENS) return [...tokens];
    const counted = tokens
      .map((token) => ({ token, chunks: Number(this.#statements.frequency.get(token)?.['doc'] ?? 0) }))
      .filter(({ chunks }) => chunks > 0)
      .toSorted((a, b) => a.chunks - b.chunks);
    const rare = all < LARGE ? counted : counted.filter(({ chunks }) => chunks < all / 2);
    let matches = 0;
    return (rare.length > 0 ? rare : counted)
      .slice(0, MAX_TOKENS)
      .filter(({ chunks }, i) => (matches += chunks) <= MAX_MATCHES || i < ORDINARY_TOKENS)
      .map(({ token }) => token);
  }
}
