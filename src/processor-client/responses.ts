import type { Readable } from 'node:stream';
import * as v from 'valibot';

import {
  RESPONSE_LIMITS,
  DOCUMENT_ERRORS,
  FIRST_FAULT,
  ParseEventSchema,
  type ChunkRequest,
  type CutChunk,
  type ParseResponse,
  type ServiceCode,
} from '../contract/processor.ts';
import { DependencyError } from '../errors.ts';

const NEWLINE = 0x0a;
const ParseLineSchema = v.pipe(v.string(), v.parseJson(), ParseEventSchema);

/** The service broke its contract; `cause` says how, for the log. */
export function badResponse(cause: unknown): DependencyError {
  const detail = 'The processor gave an answer that does not fit its contract.';
  return new DependencyError('transient', 'bad_answer', detail, { cause });
}

/**
 * Reads a body of JSON.
 * @throws {DependencyError} `bad_answer` above `maxBytes`, or where it is not what the schema says
 */
export async function readJson<S extends v.GenericSchema>(
  body: Readable,
  schema: S,
  maxBytes: number,
): Promise<v.InferOutput<S>> {
  const chunks: Buffer[] = [];
  for await (const chunk of limited(body, maxBytes)) chunks.push(chunk);
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), decode(chunks), FIRST_FAULT);
  if (!read.success) throw badResponse(new v.ValiError(read.issues));
  return read.output;
}

/** What a `/parse` in lines came to: the document, or the error that it ended in. */
export type ParseOutcome = { parsed: ParseResponse } | { code: ServiceCode; detail: string };

/**
 * Reads the lines of a `/parse`.
 * @param onPages hears how many pages are done, as it goes
 * @throws {DependencyError} `bad_answer`; `text_too_long`; `processor_lost` where the last line is missing
 */
export async function readParseLines(
  body: Readable,
  maxTextChars: number,
  onPages: (done: number, total: number) => void,
): Promise<ParseOutcome> {
  const segments: ParseResponse['segments'] = [];
  const texts: string[] = [];
  let length = 0;
  let outcome: ParseOutcome | undefined;
  for await (const line of linesOf(limited(body, parseBytes(maxTextChars)))) {
    if (line.trim() === '') continue;
    // Read on to the end: only then can the connection be used again.
    if (outcome) throw badResponse(new Error('a line after the last'));
    const event = v.safeParse(ParseLineSchema, line, FIRST_FAULT);
    if (!event.success) throw badResponse(new v.ValiError(event.issues));
    switch (event.output.type) {
      case 'progress':
        onPages(event.output.pages_done, event.output.pages_total);
        break;
      case 'segment': {
        const { type: _, text, ...where } = event.output;
        texts.push(text);
        segments.push({ start: length, end: (length += text.length), ...where });
        if (length > maxTextChars) throw textTooLong();
        break;
      }
      case 'end':
        outcome = { parsed: { text: texts.join(''), metadata: event.output.metadata, segments } };
        break;
      case 'error':
        outcome = event.output;
    }
  }
  if (outcome) return outcome;
  const detail = 'The processor stopped in the middle of its answer.';
  throw new DependencyError('interrupted', 'processor_lost', detail);
}

/** How many bytes a response to `/parse` may have. */
export function parseBytes(maxTextChars: number): number {
  return maxTextChars * RESPONSE_LIMITS.parseBytesPerChar + RESPONSE_LIMITS.spareBytes;
}

/** More text than this system is set to take, whatever the service is set to. */
export function textTooLong(): DependencyError {
  return new DependencyError('permanent', 'text_too_long', DOCUMENT_ERRORS.text_too_long);
}

/**
 * Text that is cited wrongly, or lost, nobody would notice later.
 * @throws {DependencyError} `bad_answer` where a chunk is not what was asked for, an exact slice, in order; or where
 *   together they lack what is not blank
 */
export function checkChunks(
  { text, chunk_size }: Pick<ChunkRequest, 'text' | 'chunk_size'>,
  chunks: readonly CutChunk[],
): void {
  const isBlank = (start: number, end: number) => text.slice(start, end).trim() === '';
  let before = -1;
  let covered = 0;
  for (const [index, { text: own, start, end }] of chunks.entries()) {
    const exact = end <= text.length && own === text.slice(start, end) && own.trim() !== '';
    if (!exact || own.length > chunk_size || start <= before)
      throw badResponse(
        new Error(`chunk ${index} is no slice of the text, blank, too long, or out of order`),
      );
    if (!isBlank(covered, start)) throw badResponse(new Error(`text is missing before chunk ${index}`));
    before = start;
    covered = Math.max(covered, end);
  }
  if (!isBlank(covered, text.length)) throw badResponse(new Error('text is missing after the last chunk'));
}

async function* limited(body: Readable, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw badResponse(new Error(`an answer of more than ${maxBytes} bytes`));
    yield chunk;
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, from)) !== -1; from = end + 1) {
      // An empty line only says that the service is there.
      if (end > from || bytes > 0) yield decode([...parts, chunk.subarray(from, end)]);
      parts = [];
      bytes = 0;
    }
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > RESPONSE_LIMITS.lineBytes) throw badResponse(new Error('a line without an end'));
  }
  // A last line may go without its end.
  yield decode(parts);
}

function decode(chunks: readonly Buffer[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw badResponse(error);
  }
}
