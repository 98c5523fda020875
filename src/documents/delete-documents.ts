import type { Redis } from 'ioredis';

import type { DocumentSelection } from '../contract/documents.ts';
import { ERROR_CODES } from '../contract/error-codes.ts';
import type { DeletionResult } from '../contract/jobs.ts';
import { AppError } from '../errors.ts';
import type { Keys } from '../redis/keys.ts';
import { toCursor, walkNewest } from '../redis/walk-newest.ts';
import { eachAtOnce } from '../uploads/each-at-once.ts';
import { deleteDocument, type DeletionServices } from './delete-document.ts';
import { matches } from './document-list.ts';
import type { StoredDocument } from './registry.ts';

/** Most documents that one call looks at, in 1 s. 1,000 deletions take 2.5–4.2 s on two shared, loaded cores. */
const MOST_LOOKED_AT = 20_000;
/** Most failed documents that a result names. It counts all of them. */
const MOST_NAMED = 100;

export interface BulkDeletionServices extends DeletionServices {
  redis: Redis;
  keys: Keys;
}

/**
 * Deletes a tenant's documents that match a selection, some at once, newest first. So it does not come to documents that
 * are registered meanwhile. Looks at {@link MOST_LOOKED_AT} documents at most.
 * @param signal stops between two documents, because the client has gone
 * @throws {AppError} `invalid_cursor`; the error of the first document that finds Redis or the blob store away. Documents
 * before it are deleted
 */
export async function deleteDocuments(
  tenant: string,
  selection: DocumentSelection,
  services: BulkDeletionServices,
  signal: AbortSignal,
): Promise<DeletionResult> {
  const result: DeletionResult = { matched: 0, deleted: 0, skipped: 0, failed: [] };
  const { ids, collection, limit, cursor } = selection;
  const remove = (some: readonly string[]) =>
    eachAtOnce(some, signal, async (id) => {
      result.matched++;
      await deleteOne(tenant, id, services, result);
    });
  if (ids) {
    await remove(await named(tenant, [...new Set(ids)], selection, services));
    return result;
  }
  const { documents, documentsIn } = services.keys;
  const index = collection === undefined ? documents(tenant) : documentsIn(tenant, collection);
  let looked = 0;
  for await (const { places, isLast } of walkNewest(services.redis, index, cursor)) {
    const read = await services.registry.readEach(places.map(({ id }) => id));
    const found = places.filter((_, i) => isSelected(read[i], tenant, selection));
    const taken = found.slice(0, limit - result.matched);
    await remove(taken.map(({ id }) => id));
    const end = result.matched === limit ? taken.at(-1) : places.at(-1);
    if (isLast && end === places.at(-1)) return result;
    looked += places.length;
    if (end && (result.matched === limit || looked >= MOST_LOOKED_AT || signal.aborted))
      return { ...result, next_cursor: toCursor(end) };
  }
  return result;
}

/**
 * Selects among named documents. Without a further filter an id without a document stays, because the deletion of a
 * document whose first job has not ended cancels that job.
 */
async function named(
  tenant: string,
  ids: string[],
  selection: DocumentSelection,
  { registry }: BulkDeletionServices,
): Promise<string[]> {
  const { collection, filename, metadata } = selection;
  if (collection === undefined && filename === undefined && metadata === undefined) return ids;
  const read = await registry.readEach(ids);
  return ids.filter((_, i) => isSelected(read[i], tenant, selection));
}

function isSelected(
  document: StoredDocument | undefined,
  tenant: string,
  selection: DocumentSelection,
): boolean {
  if (document?.tenant !== tenant) return false;
  const { collection = document.collection } = selection;
  return document.collection === collection && matches(document, selection);
}

async function deleteOne(
  tenant: string,
  id: string,
  services: BulkDeletionServices,
  result: DeletionResult,
): Promise<void> {
  try {
    await deleteDocument(tenant, id, services);
    result.deleted++;
  } catch (error) {
    if (!(error instanceof AppError) || ERROR_CODES[error.code].http[0] >= 500) throw error;
    if (error.code === 'document_not_found') result.skipped++;
    else if (result.failed.length < MOST_NAMED)
      result.failed.push({ id, code: error.code, detail: error.message });
  }
}
