import type { Readable } from 'node:stream';
import * as v from 'valibot';

import {
  RESPONSE_LIMITS,
  DOCUMENT_ERRORS,
  FIRST_FAULT,
  ParseEventSchema,
  type ChunkRequest,
  type CutChunk,
  type CutSettings,
  type ParseResponse,
  type ServiceCode,
} from '../contract/services/processor.ts';
import { DependencyError } from '../errors.ts';

const NEWLINE = 0x0a;
const ParseLineSchema = v.pipe(v.string(), v.parseJson(), ParseEventSchema);

/** Makes the error of a response that breaks the contract. @param cause says how, for the log */
export function badResponse(cause: unknown): DependencyError {
  const detail = 'The processor sent a response that breaks its contract.';
  return new DependencyError('transient', 'bad_answer', detail, { cause });
}

/**
 * Reads a JSON body.
 * @throws {DependencyError} `bad_answer` if it has more than `maxBytes` or does not fit the schema
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

/** Takes the pages done so far and their total, and those of OCR once it has begun. */
export type OnPages = (
  done: number,
  total: number,
  ocr: { ocr_done?: number | undefined; ocr_total?: number | undefined },
) => void;

/** Outcome of a `/parse` in lines: the document, or its last error line. */
export type ParseOutcome = { parsed: ParseResponse } | { code: ServiceCode; detail: string };

/**
 * Reads the lines of a `/parse`.
 * @throws {DependencyError} `bad_answer`, `text_too_long`, or `processor_lost` without a last line
 */
export async function readParseLines(
  body: Readable,
  maxTextChars: number,
  onPages: OnPages,
): Promise<ParseOutcome> {
  const segments: ParseResponse['segments'] = [];
  const texts: string[] = [];
  const chunks: NonNullable<ParseResponse['chunks']> = [];
  let length = 0;
  let outcome: ParseOutcome | undefined;
  for await (const line of linesOf(limited(body, parseBytes(maxTextChars)))) {
    if (line.trim() === '') continue;
    // Reads to the end, because the connection can only then be used again.
    if (outcome) throw badResponse(new Error('a line after the last'));
    const event = v.safeParse(ParseLineSchema, line, FIRST_FAULT);
    if (!event.success) throw badResponse(new v.ValiError(event.issues));
    switch (event.output.type) {
      case 'progress': {
        const { type: _, pages_done, pages_total, ...ocr } = event.output;
        onPages(pages_done, pages_total, ocr);
        break;
      }
      case 'segment': {
        const { type: _, text, ...where } = event.output;
        texts.push(text);
        segments.push({ start: length, end: (length += text.length), ...where });
        if (length > maxTextChars) throw textTooLong();
        break;
      }
      case 'chunk': {
        const { type: _, ...place } = event.output;
        chunks.push(place);
        break;
      }
      case 'end':
        outcome = {
          parsed: {
            text: texts.join(''),
            metadata: event.output.metadata,
            segments,
            ...(chunks.length > 0 && { chunks }),
          },
        };
        break;
      case 'error':
        outcome = event.output;
    }
  }
  if (outcome) return outcome;
  const detail = 'The processor stopped in the middle of its response.';
  throw new DependencyError('interrupted', 'processor_lost', detail);
}

/** Returns the largest response to `/parse`, in bytes. */
export function parseBytes(maxTextChars: number): number {
  return maxTextChars * RESPONSE_LIMITS.parseBytesPerChar + RESPONSE_LIMITS.spareBytes;
}

/** Makes the error of a text above `MAX_TEXT_CHARS`. The service may have a higher limit. */
export function textTooLong(): DependencyError {
  return new DependencyError('permanent', 'text_too_long', DOCUMENT_ERRORS.text_too_long);
}

/**
 * Checks chunks against their text. Later nothing would reveal a wrong citation or lost text.
 * @throws {DependencyError} `bad_answer` unless the chunks are exact slices, in order, that hold all text but blanks
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

/**
 * Gives the chunks of a parse their texts, which are slices of its text. Drops chunks that the caller has not asked for.
 * @throws {DependencyError} `bad_answer` as {@link checkChunks}
 */
export function withTexts(
  { chunks: places, ...parsed }: ParseResponse,
  cut: CutSettings | undefined,
): Omit<ParseResponse, 'chunks'> & { chunks?: CutChunk[] } {
  if (!places || !cut) return parsed;
  const { text } = parsed;
  const chunks = places.map((place) => ({ text: text.slice(place.start, place.end), ...place }));
  checkChunks({ text, chunk_size: cut.chunk_size }, chunks);
  return { ...parsed, chunks };
}

async function* limited(body: Readable, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw badResponse(new Error(`a response of more than ${maxBytes} bytes`));
    yield chunk;
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, from)) !== -1; from = end + 1) {
      // A service sends empty lines only to break its silence.
      if (end > from || bytes > 0) yield decode([...parts, chunk.subarray(from, end)]);
      parts = [];
      bytes = 0;
    }
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > RESPONSE_LIMITS.lineBytes) throw badResponse(new Error('a line without an end'));
  }
  // The last line may lack its newline.
  yield decode(parts);
}

function decode(chunks: readonly Buffer[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw badResponse(error);
  }
}
