import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

import type { ParseEvent } from '../../../src/contract/services/processor.ts';
import { parseDocument } from '../../../src/processor/parsers/document.ts';
import { documentBytes } from '../../documents/documents.ts';

let folder: string;

/** Registers the folder that holds what a test uploads. */
export function useUploadFolder(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'processor-formats-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
}

/** What is read from a file, by default from one without a telling name. */
export async function parse(content: Uint8Array | string, filename = 'x', mediaType = '') {
  const path = join(folder, 'upload.pdf');
  await writeFile(path, content);
  const events: ParseEvent[] = [];
  for await (const event of parseDocument({ path, filename, mediaType }, { maxTextChars: 1_000_000 }))
    events.push(event);
  const end = events.at(-1);
  const segments = events.filter((event) => event.type === 'segment');
  return {
    text: segments.map(({ text }) => text).join(''),
    metadata: end?.type === 'end' ? end.metadata : undefined,
    segments,
    progress: events.filter((event) => event.type === 'progress'),
  };
}

export const document = async (name: string) => parse(await documentBytes(name));

export const failure = (...args: Parameters<typeof parse>) =>
  parse(...args).then(
    () => 'it is read',
    (error: { code: string }) => error.code,
  );
