import * as v from 'valibot';

import { BatchNameSchema } from '../../src/contract/batches/batch.ts';
import {
  CHUNK_SIZE,
  CollectionNameSchema,
  GivenMetadataSchema,
  type ChunkingStrategy,
  type OnDuplicate,
  type Priority,
} from '../../src/contract/upload.ts';
import type { UploadOptions } from '../sdk/api.ts';
import { parseValue } from '../wording/documents.ts';
import { capitalize } from '../wording/texts.ts';

/** Fields of the upload form, as the user typed them. An empty one has the server's default. */
export interface UploadSettings {
  collection: string;
  strategy: '' | ChunkingStrategy;
  size: string;
  overlap: string;
  hidden: '' | 'left-out' | 'read';
  metadata: string;
  duplicates: '' | OnDuplicate;
  priority: '' | Priority;
  batch: string;
}

export const DEFAULTS: UploadSettings = {
  collection: 'default',
  strategy: '',
  size: '',
  overlap: '',
  hidden: '',
  metadata: '',
  duplicates: '',
  priority: '',
  batch: '',
};

export type SettingProblems = Partial<Record<keyof UploadSettings, string>>;

/** Checks the settings by the server's own rules, so that the page sends no file that the server refuses. */
export function checkSettings(settings: UploadSettings): {
  options: UploadOptions;
  problems: SettingProblems;
} {
  const problems: SettingProblems = {};
  const check = <T>(
    name: keyof UploadSettings,
    schema: v.GenericSchema<unknown, T>,
    value: unknown,
  ): T | undefined => {
    const parsed = v.safeParse(schema, value);
    if (parsed.success) return parsed.output;
    problems[name] = `${capitalize(parsed.issues[0].message)}.`;
    return undefined;
  };
  const { strategy, duplicates, priority } = settings;
  const chunkSize = settings.size === '' ? undefined : check('size', SIZE, settings.size);
  const overlap = settings.overlap === '' ? undefined : check('overlap', OVERLAP, settings.overlap);
  if (overlap !== undefined && overlap > (chunkSize ?? CHUNK_SIZE.default) / 2)
    problems.overlap = 'Must be at most half of the chunk size.';
  const metadata = parseMetadataLines(settings.metadata);
  const options: UploadOptions = {
    collection: check('collection', CollectionNameSchema, settings.collection.trim()),
    ...(strategy !== '' && { chunking_strategy: strategy }),
    ...(chunkSize !== undefined && { chunk_size: chunkSize }),
    ...(overlap !== undefined && { chunk_overlap: overlap }),
    ...(settings.hidden === 'read' && { include_hidden: true }),
    ...(duplicates !== '' && { on_duplicate: duplicates }),
    ...(priority !== '' && { priority }),
    ...(settings.batch.trim() !== '' && { batch: check('batch', BatchNameSchema, settings.batch.trim()) }),
  };
  if (typeof metadata === 'string') problems.metadata = metadata;
  else if (metadata) options.metadata = check('metadata', GivenMetadataSchema, metadata);
  return { options, problems };
}

const SIZE = wholeNumber(CHUNK_SIZE.min, CHUNK_SIZE.max);
const OVERLAP = wholeNumber(0, CHUNK_SIZE.max / 2);

function wholeNumber(min: number, max: number) {
  const words = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, words),
    v.transform(Number),
    v.minValue(min, words),
    v.maxValue(max, words),
  );
}

/** Parses lines of `key = value`. @returns words for a faulty line */
function parseMetadataLines(text: string): Record<string, unknown> | string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  const metadata: Record<string, unknown> = {};
  for (const line of lines) {
    const at = line.indexOf('=');
    if (at <= 0) return `“${line.trim()}” is not of the form key = value.`;
    metadata[line.slice(0, at).trim()] = parseValue(line.slice(at + 1).trim());
  }
  return metadata;
}
