import * as v from 'valibot';

import { BatchNameSchema } from '../../contract/batches/batch.ts';
import { WholeNumberSchema } from '../../contract/scalars.ts';
import { CollectionNameSchema, MetadataSchema, ON_DUPLICATE } from '../../contract/upload.ts';
import { wellFormed } from '../../well-formed.ts';
import { DocumentSettingsSchema } from './document-settings.ts';

/**
 * The work of a job: its hash's `payload`. The documented fields come first, then ours. Other programs need only
 * `file_key`, which names a blob in the store, and `filename`.
 */
export const JobPayloadSchema = v.object({
  filename: v.pipe(
    v.string(),
    v.minLength(1),
    v.transform((name) => wellFormed(name)),
  ),
  file_size: v.optional(WholeNumberSchema),
  collection: v.optional(CollectionNameSchema, 'default'),
  ...DocumentSettingsSchema.entries,
  file_key: v.pipe(v.string(), v.minLength(1)),
  media_type: v.optional(v.string()),
  /** SHA-256 of the file, in hex. */
  content_hash: v.optional(v.string()),
  metadata: v.optional(MetadataSchema, {}),
  /** Batch of the upload. A manifest keeps it, so that a Redis that lost all finds it again. */
  batch: v.optional(BatchNameSchema),
  /** Absent for a job that no upload made. Such a job always makes its document. */
  on_duplicate: v.optional(v.picklist(ON_DUPLICATE)),
  /** Absent for an interactive upload, and for a job that no upload made. */
  priority: v.optional(v.literal('bulk')),
  /** Document of the chunks; by default the job's own id. */
  document_id: v.optional(v.string()),
  /** True if the document's settings are unknown: those above are then the defaults. */
  settings_assumed: v.optional(v.literal(true)),
  /** The only generation that the job may replace. It registers nothing if another one is live, or none. */
  replaces_generation: v.optional(v.string()),
});
export type JobPayload = v.InferOutput<typeof JobPayloadSchema>;

/**
 * Reads a job hash's `payload`.
 * @returns the payload, or its fault in words
 */
export function parsePayload(
  text: string | undefined,
): { ok: true; payload: JobPayload } | { ok: false; detail: string } {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), JobPayloadSchema), text);
  if (parsed.success) return { ok: true, payload: parsed.output };
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  return { ok: false, detail: `The job's payload is not valid${path ? ` (${path})` : ''}: ${issue.message}` };
}
