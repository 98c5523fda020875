import * as v from 'valibot';

import { CHUNK_SIZE, ChunkingStrategySchema, parseUploadFields } from '../contract/upload.ts';
import type { JobPayload } from '../jobs/model/job-payload.ts';

/** Settings that determine a document's chunks. */
export type DocumentSettings = Pick<JobPayload, 'chunking_strategy' | 'chunk_size' | 'chunk_overlap'>;

const Whole = v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number));
const StoredSettings = v.object({
  chunking_strategy: ChunkingStrategySchema,
  chunk_size: v.pipe(Whole, v.minValue(CHUNK_SIZE.min), v.maxValue(CHUNK_SIZE.max)),
  chunk_overlap: Whole,
});

/** Picks the settings out of a payload or a document. */
export function settingsOf(from: DocumentSettings): DocumentSettings {
  const { chunking_strategy, chunk_size, chunk_overlap } = from;
  return { chunking_strategy, chunk_size, chunk_overlap };
}

/** Builds the fields of a document's hash that keep its settings. */
export function settingFields(settings: DocumentSettings): Record<string, string> {
  const { chunking_strategy, chunk_size, chunk_overlap } = settings;
  return { chunking_strategy, chunk_size: String(chunk_size), chunk_overlap: String(chunk_overlap) };
}

/**
 * Reads a document's settings from its hash. If an older version kept none, returns the defaults of an upload, marked
 * as assumed.
 */
export function toSettings(
  hash: Record<string, string>,
): DocumentSettings & { settings_assumed: true | undefined } {
  const stored = v.safeParse(StoredSettings, hash);
  if (stored.success) return { ...stored.output, settings_assumed: undefined };
  const defaults = parseUploadFields({});
  if (!defaults.ok) throw new Error(defaults.detail);
  return { ...settingsOf(defaults.fields), settings_assumed: true };
}
