import * as v from 'valibot';

import type { Manifest } from '../../blobs/manifest.ts';
import { MetadataSchema } from '../../contract/upload.ts';
import type { DocumentEdits } from '../../jobs/transitions/document-edits.ts';
import type { StoredDocument } from '../registry.ts';

/** Returns whether the manifest holds a later edit than Redis. Redis has then gone back to before that edit. */
export function isLost(document: StoredDocument, { edited_ms = 0 }: Manifest): boolean {
  return edited_ms > document.edited_ms;
}

/**
 * Repeats in Redis an edit that Redis has lost. A worker then writes it to Chroma.
 * @returns false if the document has changed since the caller's read
 */
export async function repeatEdit(
  document: StoredDocument,
  { payload, edited_ms = 0 }: Manifest,
  edits: DocumentEdits,
): Promise<boolean> {
  const metadata = v.parse(v.fallback(MetadataSchema, document.metadata), payload.metadata);
  return (await edits.edit(document, metadata, 0, edited_ms)) !== 'changed';
}
