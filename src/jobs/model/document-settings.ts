import * as v from 'valibot';

import { WholeNumberSchema } from '../../contract/scalars.ts';
import { CHUNK_SIZE, ChunkingStrategySchema } from '../../contract/upload.ts';

/**
 * Settings of an upload that change its document's chunks, with the defaults of programs that queue jobs by hand. The
 * payload, the manifest, the checkpoint's key, the duplicate key and the registry take their settings from here. So a
 * setting that this schema names stands in all five.
 */
export const DocumentSettingsSchema = v.object({
  chunking_strategy: v.optional(ChunkingStrategySchema, 'sentence'),
  chunk_size: v.optional(
    v.pipe(WholeNumberSchema, v.minValue(CHUNK_SIZE.min), v.maxValue(CHUNK_SIZE.max)),
    CHUNK_SIZE.default,
  ),
  chunk_overlap: v.optional(WholeNumberSchema, 0),
  /** Whether to read what the document hides. */
  include_hidden: v.optional(v.literal(true)),
});
export type DocumentSettings = v.InferOutput<typeof DocumentSettingsSchema>;

const StoredSettings = v.required(DocumentSettingsSchema, [
  'chunking_strategy',
  'chunk_size',
  'chunk_overlap',
]);

/** Picks the settings out of a payload or a document. */
export function settingsOf(from: DocumentSettings): DocumentSettings {
  return v.parse(DocumentSettingsSchema, from);
}

/** Builds the fields of a document's hash that keep its settings. */
export function settingFields(settings: DocumentSettings): Record<string, string> {
  // An empty flag replaces the one of a former generation.
  const fields = { include_hidden: '', ...settingsOf(settings) };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

/** Reads the settings from a document's hash; `undefined` if an older version kept none. */
export function readSettings(hash: Record<string, string>): DocumentSettings | undefined {
  const typed = Object.entries(hash).map(([name, text]) => [
    name,
    /^\d{1,9}$/.test(text) ? Number(text) : text,
  ]);
  const isIncluded = hash['include_hidden'] === 'true' || undefined;
  const stored = v.safeParse(StoredSettings, { ...Object.fromEntries(typed), include_hidden: isIncluded });
  return stored.success ? stored.output : undefined;
}
