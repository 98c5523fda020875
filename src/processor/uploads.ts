import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open, unlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';

import { ProcessorError } from './errors.ts';
import type { DocumentFile } from './parsers/document-file.ts';

/** Most parts of a form. Other fields mean nothing here, and many of them are an attack. */
const MAX_PARTS = 16;

/** Largest field of a form beside the file, in bytes. */
const MAX_FIELD_BYTES = 1024;
/** Largest body that stays in memory, in bytes. A file costs several calls to the disk, here and in the child. */
const SMALL_BYTES = 64 * 1024;

/** A caller's file. */
export interface Upload {
  /** The bytes of a small body's file, or the path of a large one's. */
  path: DocumentFile;
  bytes: number;
  filename: string;
  mediaType: string;
  /** The form's other fields. */
  fields: Record<string, string>;
  /** Deletes the file; never fails. */
  remove: () => Promise<void>;
}

/**
 * Receives the part `file` of a multipart request, that of a large body in a new file in `folder`. On error it leaves no
 * file.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`
 */
export async function receiveFile(
  request: IncomingMessage,
  folder: string,
  maxBytes: number,
): Promise<Upload> {
  const form = openForm(request, maxBytes);
  if (!isSmall(request)) return receive(folder, (output) => writePart(request, form, output));
  const body = await receiveBytes(request, SMALL_BYTES);
  const held: Buffer[] = [];
  const parts = readParts(form, (file) => file.on('data', (bytes: Buffer) => held.push(bytes)));
  const read = once(form, 'finish');
  form.end(body);
  await read.catch((error: unknown) => Promise.reject(toReceiveError(error)));
  const { stream, ...described } = partOf(parts);
  if (stream.truncated) throw new ProcessorError('body_too_large');
  const path = Buffer.concat(held);
  return { path, bytes: path.length, remove: async () => {}, ...described };
}

/** A form's first part `file`, and its fields. */
interface Parts {
  file?: { stream: BusboyFileStream; filename: string; mediaType: string };
  fields: Record<string, string>;
}

/** Collects the parts of a form, and hands the part `file` to `take` when it begins. Drops other files. */
function readParts(form: BusboyInstance, take: (file: BusboyFileStream) => void): Parts {
  const parts: Parts = { fields: {} };
  form.on('field', (name, value) => (parts.fields[name] = value));
  form.on(
    'file',
    (field: string, stream: BusboyFileStream, filename: string, _encoding, mediaType: string) => {
      // An early end of the body fails each open part, even an unread one. The form fails with it.
      stream.on('error', () => {});
      if (field !== 'file' || parts.file) {
        stream.resume();
        return;
      }
      parts.file = { stream, filename, mediaType };
      take(stream);
    },
  );
  return parts;
}

function partOf({ file, fields }: Parts) {
  if (file) return { ...file, fields };
  throw new ProcessorError('invalid_request', {
    detail: 'The form has no part "file". Send the document in it.',
  });
}

/** Writes the part `file` of a large body to `output`. */
async function writePart(request: IncomingMessage, form: BusboyInstance, output: Writable) {
  // Neither stream ends by itself if the other fails.
  const stop = new AbortController();
  let written: Promise<void> | undefined;
  const parts = readParts(form, (file) => {
    file.once('limit', () => file.destroy(new ProcessorError('body_too_large')));
    written = pipeline(file, output, { signal: stop.signal });
    written.catch((error: unknown) => stop.abort(error));
  });
  try {
    await pipeline(bodyOf(request), form, { signal: stop.signal });
    await written;
  } catch (error) {
    stop.abort(error);
    throw stop.signal.reason;
  }
  const { stream: _, ...described } = partOf(parts);
  return described;
}

/** A request's body: its text if it is small, and a file otherwise. */
export interface ReceivedBody {
  source: { text: string } | { path: string };
  bytes: number;
  /** Deletes the file; never fails. */
  remove: () => Promise<void>;
}

/**
 * Receives a request's body unchanged, a large one in a new file in `folder`. On error it leaves no file.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`
 */
export async function receiveBody(
  request: IncomingMessage,
  folder: string,
  maxBytes: number,
): Promise<ReceivedBody> {
  if (isSmall(request)) {
    const body = await receiveBytes(request, maxBytes);
    return { source: { text: body.toString() }, bytes: body.length, remove: async () => {} };
  }
  const { path, ...received } = await receive(folder, async (output) => {
    await pipeline(bodyOf(request), byteLimit(maxBytes), output);
    return {};
  });
  return { ...received, source: { path } };
}

/**
 * Receives a request's body in memory.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`
 */
export function receiveBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const held: Buffer[] = [];
  let bytes = 0;
  const hold = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) return held.push(chunk);
    // The server drains the rest, so that the caller reads the response.
    request.off('data', hold);
    return reject(new ProcessorError('body_too_large'));
  };
  const close = () => reject(toReceiveError(new Error('the caller went away')));
  request
    .on('data', hold)
    .once('end', () => resolve(Buffer.concat(held)))
    .once('close', close);
  if (request.destroyed) close();
  return promise;
}

function isSmall({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length']) <= SMALL_BYTES;
}

async function receive<T extends object>(
  folder: string,
  write: (output: Writable) => Promise<T>,
): Promise<T & { path: string; bytes: number; remove: () => Promise<void> }> {
  // A PDF reader goes by the extension. Only the content decides the type.
  const path = join(folder, `${randomUUID()}.pdf`);
  const remove = () => unlink(path).catch(() => {});
  // Opens the file first, so that no late open creates it again.
  await using file = await open(path, 'wx');
  try {
    const output = file.createWriteStream();
    const described = await write(output);
    return { path, bytes: output.bytesWritten, remove, ...described };
  } catch (error) {
    await remove();
    throw toReceiveError(error);
  }
}

function toReceiveError(error: unknown): unknown {
  // A full disk is not the caller's fault.
  if (error instanceof ProcessorError || isSystemError(error)) return error;
  const detail = 'The body is damaged or ends early. Send it again.';
  return new ProcessorError('invalid_request', { detail, cause: error });
}

function openForm(request: IncomingMessage, maxBytes: number): BusboyInstance {
  try {
    const contentType = request.headers['content-type'];
    if (!contentType?.toLowerCase().startsWith('multipart/form-data'))
      throw new Error(`content-type: ${contentType}`);
    return new Busboy({
      headers: { ...request.headers, 'content-type': contentType },
      limits: { fileSize: maxBytes, parts: MAX_PARTS, fieldSize: MAX_FIELD_BYTES },
    });
  } catch (error) {
    const detail = 'The body must be multipart/form-data with a boundary.';
    throw new ProcessorError('invalid_request', { detail, cause: error });
  }
}

/**
 * Copies the request's body to a stream of its own. Its failure must not close the connection, which carries the
 * response.
 */
function bodyOf(request: IncomingMessage): PassThrough {
  const body = new PassThrough();
  const close = () => {
    // `complete` does not help: Node may discard received bytes before the form reads them.
    if (!request.readableEnded) body.destroy(new Error('the caller went away'));
  };
  if (request.destroyed) close();
  else request.once('close', close).pipe(body);
  return body;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function byteLimit(maxBytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      seen += chunk.length;
      if (seen > maxBytes) pass(new ProcessorError('body_too_large'));
      else pass(null, chunk);
    },
  });
}
