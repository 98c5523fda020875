import { readFile } from 'node:fs/promises';

import { ChunkRequestSchema } from '../contract/services/processor.ts';
import { cutChunks } from './chunkers/chunks.ts';
import { ProcessorError, parseRequest } from './errors.ts';

/** Characters of JSON in a piece. Chunks go out together from this size on. */
const PIECE_CHARS = 256 * 1024;

/**
 * Responds to a `POST /chunk` in pieces.
 * @param source the body, or the path of its file
 * @throws {ProcessorError} `invalid_request`, or `text_too_long` above `maxTextChars`
 */
export async function* chunkResponse(
  source: { text: string } | { path: string },
  maxTextChars: number,
): AsyncGenerator<Uint8Array> {
  const body = 'text' in source ? source.text : await readFile(source.path, 'utf8');
  const request = parseRequest(ChunkRequestSchema, body);
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
