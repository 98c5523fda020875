import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

import { ChunkRequestSchema, FIRST_FAULT, type ChunkRequest } from '../contract/processor.ts';
import { cutChunks } from './chunkers/chunks.ts';
import { ProcessorError, invalidRequest } from './errors.ts';

/** Characters of JSON in a piece. Chunks go out together from this size on. */
const PIECE_CHARS = 256 * 1024;

/**
 * Responds to a `POST /chunk` whose body is in a file, in pieces.
 * @throws {ProcessorError} `invalid_request`, or `text_too_long` above `maxTextChars`
 */
export async function* chunkResponse(path: string, maxTextChars: number): AsyncGenerator<Uint8Array> {
  const request = await readRequest(path);
  if (request.text.length > maxTextChars) throw new ProcessorError('text_too_long');
  // Collects everything before the first byte goes out. Until then a failure can set the status.
  const pieces: Buffer[] = [];
  let piece = '{"chunks":[';
  let separator = '';
  for (const chunk of cutChunks(request)) {
    piece += separator + JSON.stringify(chunk);
    separator = ',';
    if (piece.length < PIECE_CHARS) continue;
    pieces.push(Buffer.from(piece));
    piece = '';
  }
  yield* pieces;
  yield Buffer.from(`${piece}]}`);
}

async function readRequest(path: string): Promise<ChunkRequest> {
  const body = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new ProcessorError('invalid_request', { detail: 'The body is not JSON.' });
  }
  const parsed = v.safeParse(ChunkRequestSchema, value, FIRST_FAULT);
  if (!parsed.success) throw invalidRequest(parsed.issues);
  return parsed.output;
}
