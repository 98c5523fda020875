import { expect } from 'vitest';

import type { ChunkRequest, CutChunk } from '../../../src/contract/services/processor.ts';
import { CHUNKING_STRATEGIES } from '../../../src/contract/upload.ts';
import { ProcessorError } from '../../../src/processor/errors.ts';
import { cut } from './chunks.ts';
import { parsed } from './parsed.ts';

/** Characters to chunk of the longest documents. */
const MAX_CHARS = 60_000;
const SIZES = [
  [10, 5],
  [400, 80],
] as const;

/**
 * Chunks a readable document with every strategy, and expects exact slices that lose nothing, each on its page and
 * under its heading.
 */
export async function expectSoundChunks(bytes: Uint8Array, name: string): Promise<void> {
  const document = await parsed(bytes, name).catch((error: unknown) => {
    expect(error).toBeInstanceOf(ProcessorError);
  });
  if (!document) return;
  expect(document.text).not.toContain('\ufffd');
  let end = 0;
  const places = document.segments.map(({ text, page, heading }) => {
    const start = end;
    end += text.length;
    return { start, end, ...(page !== undefined && { page }), ...(heading !== undefined && { heading }) };
  });
  const segments = places.filter(({ start }) => start < MAX_CHARS);
  const text = document.text.slice(0, segments.at(-1)?.end).slice(0, MAX_CHARS);
  for (const strategy of CHUNKING_STRATEGIES) {
    for (const [chunk_size, chunk_overlap] of SIZES) {
      const request = { text, strategy, chunk_size, chunk_overlap, segments };
      expect(faults(cut(request), request)).toEqual([]);
    }
  }
}

/** Lists the faults of chunks. */
function faults(chunks: readonly CutChunk[], { text, chunk_size, segments }: ChunkRequest): string[] {
  const found: string[] = [];
  let covered = 0;
  let at = 0;
  for (const { text: chunk, start, end, page, heading } of chunks) {
    const fault = (what: string) => found.push(`${what} at ${start}`);
    if (chunk !== text.slice(start, end)) fault('no slice');
    if (chunk.trim() === '' || chunk.length > chunk_size) fault(`${chunk.length} characters`);
    if (start > covered && text.slice(covered, start).trim() !== '') fault('a loss before it');
    if (!chunk.isWellFormed()) fault('half a pair');
    covered = Math.max(covered, end);
    while ((segments[at]?.end ?? Infinity) <= start) at++;
    if (segments[at]?.page !== page || segments[at]?.heading !== heading) fault('another place');
  }
  if (text.slice(covered).trim() !== '') found.push('a loss at the end');
  return found;
}
