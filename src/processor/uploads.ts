import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';

import { ProcessorError } from './errors.ts';

/** Form fields beside the file mean nothing here; many of them are an attack. */
const MAX_PARTS = 16;

/** What a caller sent, on disk. */
export interface Upload {
  path: string;
  bytes: number;
  filename: string;
  mediaType: string;
  /** Deletes the file; never fails. */
  remove: () => Promise<void>;
}

/**
 * Streams the part `file` of a multipart request to a new file in `folder`.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`; whatever it throws, there is no file then
 */
export function receiveFile(request: IncomingMessage, folder: string, maxBytes: number): Promise<Upload> {
  const form = openForm(request, maxBytes);
  return receive(folder, async (output) => {
    // Neither of the two streams ends by itself when the other fails.
    const stop = new AbortController();
    let part: { filename: string; mediaType: string } | undefined;
    let written: Promise<void> | undefined;
    form.on(
      'file',
      (field: string, file: BusboyFileStream, filename: string, _encoding, mediaType: string) => {
        // A body that ends early fails each open part, even an unread one. The form itself fails with it.
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
    if (!part) throw new ProcessorError('invalid_request', { detail: 'The form has no part "file".' });
    return part;
  });
}

/**
 * Streams a request's body to a new file in `folder`, as it is.
 * @throws {ProcessorError} `invalid_request`, or `body_too_large`; whatever it throws, there is no file then
 */
export function receiveBody(request: IncomingMessage, folder: string, maxBytes: number): Promise<Upload> {
  return receive(folder, async (output) => {
    await pipeline(bodyOf(request), byteLimit(maxBytes), output);
    return { filename: '', mediaType: request.headers['content-type'] ?? '' };
  });
}

async function receive(
  folder: string,
  write: (output: Writable) => Promise<Pick<Upload, 'filename' | 'mediaType'>>,
): Promise<Upload> {
  // A PDF reader goes by the extension; what the file really is, its content tells.
  const path = join(folder, `${randomUUID()}.pdf`);
  const remove = () => rm(path, { force: true }).catch(() => {});
  // Opened before anything can go wrong, so that no late open makes the file anew.
  await using file = await open(path, 'wx');
  try {
    const output = file.createWriteStream();
    const described = await write(output);
    return { path, bytes: output.bytesWritten, remove, ...described };
  } catch (error) {
    await remove();
    // A full disk is no fault of the caller's.
    if (error instanceof ProcessorError || isSystemError(error)) throw error;
    throw new ProcessorError('invalid_request', {
      detail: 'The body is damaged or ends early.',
      cause: error,
    });
  }
}

function openForm(request: IncomingMessage, maxBytes: number): BusboyInstance {
  try {
    const contentType = request.headers['content-type'];
    if (!contentType?.toLowerCase().startsWith('multipart/form-data'))
      throw new Error(`content-type: ${contentType}`);
    return new Busboy({
      headers: { ...request.headers, 'content-type': contentType },
      limits: { fileSize: maxBytes, parts: MAX_PARTS },
    });
  } catch (error) {
    const detail = 'The body must be multipart/form-data with a boundary.';
    throw new ProcessorError('invalid_request', { detail, cause: error });
  }
}

/** The request's body as a stream that can fail without taking the connection along: it carries the response. */
function bodyOf(request: IncomingMessage): PassThrough {
  const body = new PassThrough();
  const close = () => {
    // Not `complete`: what has come in whole may still be thrown away before it is read.
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
