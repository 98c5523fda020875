import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';

import type { Document } from '../../contract/documents.ts';
import { GivenMetadataSchema, MAX_METADATA_BYTES, type Metadata } from '../../contract/upload.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { storageProblem } from '../../uploads/storage-problem.ts';
import { toPublicDocument, type StoredDocument } from '../registry.ts';
import { applyEdit, type EditServices } from './apply-edit.ts';
import { isLost, repeatEdit } from './lost-edit.ts';
import { ownManifest } from './own-manifest.ts';

/** Most reads of a document. Each further read follows a concurrent edit of the document. */
const MOST_LOOKS = 20;
/** Writes of one edit that Redis loses, or that an upload replaces, before the call ends. */
const MOST_WRITES = 4;
/** Longest wait of a call for Chroma, in ms. 20,000 chunks take about 8 s. */
const CHROMA_WAIT_MS = 10_000;
/** Time in ms until a worker takes over an edit. It exceeds the wait for Chroma, because the api may still work until then. */
const TAKEOVER_MS = 15_000;
/** Time in ms until a worker applies an edit that its api could not finish. */
const RETRY_MS = 1000;

export interface EditorServices extends EditServices {
  logger: Logger;
}

/**
 * Edits the metadata of a tenant's document, without embedding it again. While Chroma is away the document shows
 * `metadata_pending`, and a worker applies the edit later. An edit that changes nothing writes nothing.
 * @param patch a JSON merge patch (RFC 7396)
 * @throws {AppError} `document_not_found`, `invalid_metadata`; `queue_unavailable` if other writers, or a Redis that
 * goes back, undo the edit again and again
 * @throws {AppError} `disk_full`, `storage_unavailable`; the detail says if Sluice keeps the edit
 */
export async function editDocument(
  tenant: string,
  id: string,
  patch: Readonly<Record<string, unknown>>,
  services: EditorServices,
  signal: AbortSignal,
): Promise<Document> {
  const waited = AbortSignal.any([signal, AbortSignal.timeout(CHROMA_WAIT_MS)]);
  for (let writes = 1; writes <= MOST_WRITES; writes++) {
    const editedMs = await writeEdit(tenant, id, patch, services);
    if (editedMs !== undefined) await carryOn(id, services, waited);
    const document = await services.registry.get(tenant, id);
    // Otherwise Redis went back before the manifest had the edit, or an upload has replaced the document.
    if (editedMs === undefined || document.edited_ms >= editedMs) return toPublicDocument(document);
  }
  throw changing();
}

/** Applies an edit to manifest and chunks. Leaves to a worker what Chroma does not take. */
async function carryOn(id: string, services: EditorServices, signal: AbortSignal): Promise<void> {
  const { edits, logger } = services;
  try {
    await voidDeletion(id, services);
    if (!(await applyEdit(id, services, signal))) await edits.putOff(id, RETRY_MS);
  } catch (error) {
    await edits.putOff(id, RETRY_MS);
    if (error instanceof AppError) throw kept(error);
    logger.warn('edited metadata is not in the vector store yet', { document: id, error });
  }
}

/** Removes the note of a deletion that failed after it. Otherwise a worker would repeat the deletion on the edited document. */
async function voidDeletion(id: string, { registry, blobs, installation }: EditServices): Promise<void> {
  const [document] = await registry.read([id]);
  const manifest = document && (await ownManifest(document, blobs, installation));
  if (!manifest) return;
  await blobs.ended.forget(manifest.job_id, 'deleted').catch((cause: unknown) => {
    throw storageProblem(cause);
  });
}

/** Writes the edit to Redis. @returns the time of an edit (ms) that manifest or chunks lack; `undefined` for none */
async function writeEdit(
  tenant: string,
  id: string,
  patch: Readonly<Record<string, unknown>>,
  { registry, edits, blobs, installation }: EditServices,
): Promise<number | undefined> {
  for (let looks = 1; looks <= MOST_LOOKS; looks++) {
    const document = await registry.get(tenant, id);
    // Comes before the write, because a store that is away refuses the edit here. Redis may have lost the edit that this one
    // builds on.
    const manifest = await ownManifest(document, blobs, installation);
    if (manifest && isLost(document, manifest)) {
      await repeatEdit(document, manifest, edits);
      continue;
    }
    const metadata = mergePatch(document, patch);
    if (isDeepStrictEqual(metadata, document.metadata))
      return document.metadata_pending ? document.edited_ms : undefined;
    const edited = await edits.edit(document, metadata, TAKEOVER_MS);
    if (typeof edited === 'number') return edited;
  }
  throw changing();
}

function changing(): AppError {
  return new AppError('queue_unavailable', 'The document is changing. Try again in a moment.');
}

/** Merges a patch into a document's metadata. @throws {AppError} `invalid_metadata` for metadata that an upload could not have */
function mergePatch({ metadata }: StoredDocument, patch: Readonly<Record<string, unknown>>): Metadata {
  const merged = new Map<string, unknown>(Object.entries(metadata));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  const parsed = v.safeParse(GivenMetadataSchema, Object.fromEntries(merged));
  if (!parsed.success) throw new AppError('invalid_metadata', `metadata: ${parsed.issues[0].message}`);
  if (Buffer.byteLength(JSON.stringify(parsed.output)) > MAX_METADATA_BYTES)
    throw new AppError('invalid_metadata', `metadata: at most ${MAX_METADATA_BYTES} bytes of JSON`);
  return parsed.output;
}

/** Adds to an error that Sluice keeps the edit. */
function kept({ code, cause }: AppError): AppError {
  const detail = 'The edit is kept. Searches find the document by it once the blob store takes writes again.';
  return new AppError(code, detail, { cause });
}
