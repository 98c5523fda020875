import * as v from 'valibot';

import { settingsOf, type DocumentSettings } from '../jobs/model/document-settings.ts';
import { JobPayloadSchema } from '../jobs/model/job-payload.ts';
import { BlobNotFoundError } from '../blobs/blob-paths.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { StoredDocument } from './registry.ts';

/**
 * Reads the settings that a document was cut by. An older version kept them only in the manifest beside the original.
 * @returns the registered settings; else the manifest's; else the assumed ones
 */
export async function originalSettings(
  document: Pick<StoredDocument, 'id' | 'file_key' | 'settings_assumed' | keyof DocumentSettings>,
  blobs: BlobStore,
): Promise<DocumentSettings> {
  const settings = document.settings_assumed && (await manifestSettings(document, blobs));
  return settings ?? settingsOf(document);
}

/** Reads the settings from the manifest beside a document's original; `undefined` if it belongs to another document. */
export async function manifestSettings(
  { id, file_key }: Pick<StoredDocument, 'id' | 'file_key'>,
  blobs: BlobStore,
): Promise<DocumentSettings | undefined> {
  const manifest = await blobs.manifest(file_key).catch(unlessNowhere);
  const payload = v.safeParse(JobPayloadSchema, manifest?.payload);
  if (!manifest || !payload.success) return undefined;
  const { document_id = manifest.job_id, settings_assumed, ...settings } = payload.output;
  return document_id === id && !settings_assumed ? settingsOf(settings) : undefined;
}

/** Treats a key outside the store as a missing manifest, because another program may have written it. */
function unlessNowhere(error: unknown): undefined {
  if (!(error instanceof BlobNotFoundError)) throw error;
}
