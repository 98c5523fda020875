import { createHash } from 'node:crypto';

import { settingsOf, type DocumentSettings } from './document-settings.ts';
import type { JobPayload } from './job-payload.ts';

/** Digests that name the lines of a job, and by which scripts find its document. */
export interface LineDigests {
  /** Of everything that decides whether two uploads are the same. */
  copy: string;
  /** Of the name and the collection. A replacing upload finds its document by it. */
  name: string;
}

/** The fields that the digests cover. A payload and a document both have them. */
export type LineContent = Pick<
  JobPayload,
  'filename' | 'collection' | 'content_hash' | 'metadata' | keyof DocumentSettings
>;

/**
 * Makes the digests of an upload or a document. The tenant is part of both. The model and the reader's version are not,
 * because an upload does not know them. Scripts compare those with the document's.
 * @returns `undefined` without a hash of the bytes. Another program queued such a job, or an older version made the document
 */
export function lineDigests(tenant: string, content: LineContent): LineDigests | undefined {
  const { filename, collection, content_hash, metadata } = content;
  if (content_hash === undefined) return undefined;
  const named = [tenant, collection, filename];
  const sorted = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { copy: digest([...named, content_hash, settingsOf(content), sorted]), name: digest(named) };
}

/** The arguments of a script that makes a job. `batch` is '' without one, the others for a job that stands in no line. */
export function makerArgs(
  tenant: string,
  payload: JobPayload,
): LineDigests & { on_duplicate: string; batch: string } {
  const { on_duplicate = '', batch = '' } = payload;
  const digests = on_duplicate === '' ? undefined : lineDigests(tenant, payload);
  return digests ? { batch, on_duplicate, ...digests } : { batch, on_duplicate: '', copy: '', name: '' };
}

/** Encodes a payload. The document that it names comes first, because `line.lua` edits the text. */
export function encodePayload(payload: JobPayload): string {
  const { document_id } = payload;
  return JSON.stringify(document_id === undefined ? payload : { document_id, ...payload });
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
