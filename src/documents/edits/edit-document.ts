import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';

import type { Document } from '../../contract/documents.ts';
import { GivenMetadataSchema, MAX_METADATA_BYTES, type Metadata } from '../../contract/upload.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { toPublicDocument, type StoredDocument } from '../registry.ts';
import { applyEdit, type EditServices } from './apply-edit.ts';
import { isLost, repeatEdit } from './lost-edit.ts';
import { ownManifest } from './own-manifest.ts';

/** Edits of one document at once that one call can lose against. */
const MOST_LOOKS = 20;
/** Time in ms that a call gives Chroma. 20,000 chunks take about 8 s. */
const CHROMA_WAIT_MS = 10_000;
/** Time in ms until a worker takes over an edit whose api was lost. */
const TAKEOVER_MS = 15_000;
/** Time in ms until a worker repeats an edit that its api could not end. */
const RETRY_MS = 1000;

export interface EditorServices extends EditServices {
  logger: Logger;
}

/**
 * Edits a tenant's document's metadata, without embedding it again. While Chroma is away the document shows
 * `metadata_pending`, and a worker carries the edit on. An edit that changes nothing writes nothing.
 * @param patch a JSON merge patch (RFC 7396)
 * @throws {AppError} `document_not_found`, `invalid_metadata`; `disk_full`, `storage_unavailable`: the edit is pending
 */
export async function editDocument(
  tenant: string,
  id: string,
  patch: Readonly<Record<string, unknown>>,
  services: EditorServices,
  signal: AbortSignal,
): Promise<Document> {
  const { registry, edits, logger } = services;
  const isPending = await writeEdit(tenant, id, patch, services);
  if (isPending) {
    const waited = AbortSignal.any([signal, AbortSignal.timeout(CHROMA_WAIT_MS)]);
    try {
      if (!(await applyEdit(id, services, waited))) await edits.putOff(id, RETRY_MS);
    } catch (error) {
      await edits.putOff(id, RETRY_MS);
      if (error instanceof AppError) throw kept(error);
      logger.warn('edited metadata are not in the vector store yet', { document: id, error });
    }
  }
  return toPublicDocument(await registry.get(tenant, id));
}

/** Writes the edit to Redis. @returns whether manifest or chunks lack an edit */
async function writeEdit(
  tenant: string,
  id: string,
  patch: Readonly<Record<string, unknown>>,
  { registry, edits, blobs, installation }: EditServices,
): Promise<boolean> {
  for (let looks = 1; looks <= MOST_LOOKS; looks++) {
    const document = await registry.get(tenant, id);
    // Refuses the edit before it is written if the store is away. Redis may have lost the edit that this one builds on.
    const manifest = await ownManifest(document, blobs, installation);
    if (manifest && isLost(document, manifest)) {
      await repeatEdit(document, manifest, edits);
      continue;
    }
    const metadata = mergePatch(document, patch);
    if (isDeepStrictEqual(metadata, document.metadata)) return document.metadata_pending === true;
    if ((await edits.edit(document, metadata, TAKEOVER_MS)) === 'edited') return true;
  }
  throw new AppError('queue_unavailable', 'The document is changing. Try again in a moment.');
}

/** @throws {AppError} `invalid_metadata` if an upload could not have the result */
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

/** Says that a failed edit is not lost. */
function kept({ code, cause }: AppError): AppError {
  const detail = 'The edit is kept, and takes effect everywhere once the blob store takes writes again.';
  return new AppError(code, detail, { cause });
}
