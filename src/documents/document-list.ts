import type { Redis } from 'ioredis';

import type { DocumentList, DocumentQuery } from '../contract/documents.ts';
import type { Keys } from '../redis/keys.ts';
import { rankAfter } from '../redis/rank-after.ts';
import { toPublicDocument, type DocumentRegistry, type StoredDocument } from './registry.ts';

const READ_AT_ONCE = 200;
/** Most documents that a page, or a count, looks at. A filter with few matches ends there, and its cursor continues. */
const MOST_LOOKED_AT = 5000;

interface ListServices {
  redis: Redis;
  keys: Keys;
  registry: DocumentRegistry;
}

/**
 * Reads one page of a tenant's documents, by their registration. A page with a filter of name or metadata looks at a bounded
 * number of documents. It may hold fewer than `limit`, or none, and still have a `next_cursor`.
 * @throws {AppError} `invalid_cursor`
 */
export async function listDocuments(
  tenant: string,
  query: DocumentQuery,
  services: ListServices,
): Promise<DocumentList> {
  const { documents: all, documentsIn } = services.keys;
  const index = query.collection === undefined ? all(tenant) : documentsIn(tenant, query.collection);
  const { documents, nextCursor } = await (isFiltered(query)
    ? filteredPage(index, query, services)
    : plainPage(index, query, services));
  const total = query.total ? await totalOf(index, query, services) : {};
  return { documents: documents.map(toPublicDocument), ...total, next_cursor: nextCursor };
}

interface Page {
  documents: StoredDocument[];
  nextCursor: string | undefined;
}

async function plainPage(
  index: string,
  { sort, limit, cursor }: DocumentQuery,
  { redis, registry }: ListServices,
): Promise<Page> {
  const from = await rankAfter(redis, index, cursor, sort);
  const ids = await idsFrom(redis, index, sort, from, limit + 1);
  const nextCursor = ids.length > limit ? ids[limit - 1] : undefined;
  return { documents: await registry.read(ids.slice(0, limit)), nextCursor };
}

async function filteredPage(index: string, query: DocumentQuery, services: ListServices): Promise<Page> {
  const documents: StoredDocument[] = [];
  let nextCursor: string | undefined;
  for await (const { id, document, isLast } of walk(index, query, services)) {
    nextCursor = isLast ? undefined : id;
    if (document && matches(document, query) && documents.push(document) === query.limit) break;
  }
  return { documents, nextCursor };
}

/** Counts the documents of a query: all of an index by its size, else the matches among the first ones. */
async function totalOf(
  index: string,
  query: DocumentQuery,
  services: ListServices,
): Promise<Pick<DocumentList, 'total' | 'total_at_least'>> {
  if (!isFiltered(query)) return { total: await services.redis.zcard(index) };
  let found = 0;
  let reachedEnd = true;
  for await (const { document, isLast } of walk(index, { ...query, cursor: undefined }, services)) {
    if (document && matches(document, query)) found++;
    reachedEnd = isLast;
  }
  return reachedEnd ? { total: found } : { total_at_least: found };
}

/**
 * Reads the documents behind a cursor in their order, {@link MOST_LOOKED_AT} at most. It looks up the rank of the last one
 * before each read, because others come and go meanwhile.
 */
async function* walk(
  index: string,
  { sort, cursor }: DocumentQuery,
  { redis, registry }: ListServices,
): AsyncGenerator<{ id: string; document: StoredDocument | undefined; isLast: boolean }> {
  let from = await rankAfter(redis, index, cursor, sort);
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += READ_AT_ONCE) {
    // One more than it yields tells whether the list ends here.
    const ids = await idsFrom(redis, index, sort, from, READ_AT_ONCE + 1);
    const some = ids.slice(0, READ_AT_ONCE);
    const documents = await registry.readEach(some);
    const hasMore = ids.length > READ_AT_ONCE;
    for (const [i, id] of some.entries())
      yield { id, document: documents[i], isLast: !hasMore && i === some.length - 1 };
    const last = some.at(-1);
    if (!hasMore || last === undefined) return;
    const rank = await (sort === 'oldest' ? redis.zrank(index, last) : redis.zrevrank(index, last));
    from = rank === null ? from + some.length : rank + 1;
  }
}

function idsFrom(
  redis: Redis,
  index: string,
  sort: DocumentQuery['sort'],
  from: number,
  count: number,
): Promise<string[]> {
  const to = from + count - 1;
  return sort === 'oldest' ? redis.zrange(index, `${from}`, `${to}`) : redis.zrevrange(index, from, to);
}

function isFiltered({ filename, filename_contains: part, metadata }: DocumentQuery): boolean {
  return filename !== undefined || part !== undefined || Object.keys(metadata ?? {}).length > 0;
}

/** Compares metadata with type, so that 2024 is not "2024". */
export function matches(
  document: StoredDocument,
  {
    filename,
    filename_contains: part,
    metadata = {},
  }: Pick<DocumentQuery, 'filename' | 'filename_contains' | 'metadata'>,
): boolean {
  if (filename !== undefined && document.filename !== filename) return false;
  if (part !== undefined && !fold(document.filename).includes(fold(part))) return false;
  return Object.entries(metadata).every(([key, value]) => document.metadata[key] === value);
}

/** Makes names alike that differ in case, or in how they compose letters. macOS names files with decomposed letters. */
function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
