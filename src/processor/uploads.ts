import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';

import { ProcessorError } from './errors.ts';

/** Most parts of a form. Other fields mean nothing here, and many of them are an attack. */
const MAX_PARTS = 16;

/** Largest field of a form beside the file, in bytes. */
const MAX_FIELD_BYTES = 1024;
/** Largest body that stays in memory, in bytes. A file costs several calls to the disk, here and in the child. */
const SMALL_BYTES = 64 * 1024;

/** A caller's file or body on disk. */
export interface Upload {
  path: string;
  bytes: number;
  filename: string;
  mediaType: string;
  /** The form's other fields. */
  fields: Record<string, string>;
  /** Deletes the file; never fails. */
  remove: () => Promise<void>;
}

/**
 * Streams the part `file` of a multipart request to a new file in `folder`. On error it leaves no file.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`
 */
export function receiveFile(request: IncomingMessage, folder: string, maxBytes: number): Promise<Upload> {
  const form = openForm(request, maxBytes);
  return receive(folder, async (output) => {
    // Neither stream ends by itself if the other fails.
    const stop = new AbortController();
    let part: { filename: string; mediaType: string } | undefined;
    const fields: Upload['fields'] = {};
    form.on('field', (name, value) => (fields[name] = value));
    let written: Promise<void> | undefined;
    form.on(
      'file',
      (field: string, file: BusboyFileStream, filename: string, _encoding, mediaType: string) => {
        // An early end of the body fails each open part, even an unread one. The form fails with it.
        file.on('error', () => {});
        if (field !== 'file' || part) {
          file.resume();
          return;
        }
        part = { filename, mediaType };
        file.once('limit', () => file.destroy(new ProcessorError('body_too_large')));
        written = pipeline(file, output, { signal: stop.signal });
        written.catch((error: unknown) => stop.abort(error));
      },
    );
    try {
      await pipeline(bodyOf(request), form, { signal: stop.signal });
      await written;
    } catch (error) {
      stop.abort(error);
      throw stop.signal.reason;
    }
    if (!part)
      throw new ProcessorError('invalid_request', {
        detail: 'The form has no part "file". Send the document in it.',
      });
    return { ...part, fields };
  });
}

/** A request's body: its text if it is small, and a file otherwise. */
export type ReceivedBody = Pick<Upload, 'bytes' | 'remove'> & { source: { text: string } | { path: string } };

/**
 * Receives a request's body unchanged, a large one in a new file in `folder`. On error it leaves no file.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`
 */
export async function receiveBody(
  request: IncomingMessage,
  folder: string,
  maxBytes: number,
): Promise<ReceivedBody> {
  if (Number(request.headers['content-length']) <= Math.min(SMALL_BYTES, maxBytes)) {
    const body = await buffer(bodyOf(request)).catch((error: unknown) =>
      Promise.reject(toReceiveError(error)),
    );
    return { source: { text: body.toString() }, bytes: body.length, remove: async () => {} };
  }
  const { path, ...received } = await receive(folder, async (output) => {
    await pipeline(bodyOf(request), byteLimit(maxBytes), output);
    return { filename: '', mediaType: '', fields: {} };
  });
  return { ...received, source: { path } };
}

async function receive(
  folder: string,
  write: (output: Writable) => Promise<Pick<Upload, 'filename' | 'mediaType' | 'fields'>>,
): Promise<Upload> {
  // A PDF reader goes by the extension. Only the content decides the type.
  const path = join(folder, `${randomUUID()}.pdf`);
  const remove = () => unlink(path).catch(() => {});
  // Opened first, so that no late open creates the file again.
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
