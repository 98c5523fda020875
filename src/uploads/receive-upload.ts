import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import * as v from 'valibot';

import {
  CollectionNameSchema,
  MAX_METADATA_BYTES,
  parseUploadFields,
  UploadFieldsSchema,
  type UploadFieldName,
} from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import { nearestName } from '../spelling/nearest-name.ts';
import type { OpenBody } from '../limits/limiter.ts';
import { watchBody } from '../limits/watch-body.ts';
import type { BlobWriter } from '../blobs/blob-store.ts';
import type { Claim, FreeSpace } from './free-space.ts';
import { cleanFilename } from './clean-filename.ts';
import { storageProblem } from './storage-problem.ts';

const MAX_FIELD_BYTES = MAX_METADATA_BYTES;
const MAX_FIELDS = 100;
/** Most bytes of a multipart body beside the file: fields, headers, boundaries. */
const MAX_FRAMING_BYTES = 1024 * 1024;

export interface UploadLimits {
  /** Largest file, in bytes. */
  maxBytes: number;
  /** Least rate of the body, in bytes a second. */
  leastRate: number;
}

/** Refuses an upload that may not go to a collection. @throws {AppError} the refusal */
export type AdmitCollection = (collection: string) => Promise<void>;

interface ReceivedFile {
  filename: string;
  mediaType: string | undefined;
  stored: Promise<void>;
}

/**
 * Streams a multipart upload into a blob and hashes it. Memory does not grow with the size. Parts may come in any order.
 * When this resolves, the blob is written, but neither committed nor discarded. It calls `admit` when the file begins, so that a
 * refusal saves the rest of the body.
 * @returns the fields, and the file's name, media type, size in bytes and SHA-256 in hex. Its `admit` asks about the collection
 * of the form, unless that was the last one asked. `ignored` names the form fields without effect: unknown ones, and a known one
 * that came again with another value
 * @throws {AppError} with a code for the upload's fault
 */
export async function receiveUpload(
  request: IncomingMessage,
  blob: BlobWriter,
  {
    space,
    body,
    limits,
    admit,
  }: { space: FreeSpace; body: OpenBody; limits: UploadLimits; admit: AdmitCollection },
) {
  const { maxBytes, leastRate } = limits;
  const busboy = openForm(request, maxBytes);
  using claim = await space
    .claim(Number(request.headers['content-length'] ?? 0))
    .catch((cause: unknown) => Promise.reject(storageProblem(cause)));
  const values: Partial<Record<UploadFieldName, string>> = {};
  const ignored = new Set<string>();
  let file: ReceivedFile | undefined;
  let endWatch: (() => void) | undefined;
  let asked: { collection: string; admitted: Promise<void> } | undefined;
  const ask = (collection: string) => {
    if (asked?.collection !== collection) asked = { collection, admitted: admit(collection) };
    return asked.admitted;
  };

  await new Promise<void>((resolve, reject) => {
    const fail = (error: AppError) => {
      // Leaves the rest of the body to the HTTP server, because destroying the request would lose the response.
      request.unpipe(busboy);
      busboy.removeAllListeners();
      busboy.on('error', ignoreAfterFailure);
      busboy.destroy();
      reject(error);
    };
    const interrupted = () => {
      // When the client leaves, Node drops the unread rest even of a complete body.
      if (!request.readableEnded)
        fail(new AppError('upload_interrupted', 'The connection ended before the upload did.'));
    };
    request.once('error', interrupted);
    request.once('close', interrupted);
    // If the client left before these listeners, no event follows.
    if (request.destroyed) return interrupted();

    busboy.on('field', (given: string | undefined, value, nameTruncated, valueTruncated) => {
      // A part may have no name.
      const name = given ?? '';
      if (nameTruncated || valueTruncated)
        return fail(new AppError('field_too_large', `A form field holds at most ${MAX_FIELD_BYTES} bytes.`));
      if (!isFieldName(name)) {
        const fault = misspelling(name);
        if (fault) return fail(fault);
        ignored.add(name);
        return;
      }
      if ((values[name] ?? value) !== value) {
        // A client that names two batches waits for both.
        if (name === 'batch')
          return fail(new AppError('invalid_batch', 'batch: came twice with different names. Send one.'));
        // The last value counts.
        ignored.add(name);
      }
      values[name] = value;
    });
    busboy.on('file', (name, stream, filename: string | undefined, _encoding, mediaType) => {
      // The parser may report a cut body on a refused part, or on one whose blob has failed.
      stream.on('error', ignoreAfterFailure);
      if (file) return fail(new AppError('too_many_files'));
      if (name !== 'file') {
        const detail = 'The part that holds the file must be named "file".';
        return fail(misspelling(name) ?? new AppError('missing_file', detail));
      }
      stream.once('limit', () => fail(tooLarge(maxBytes)));
      const stored = pipeline(stream, (bytes) => within(claim, bytes), blob.stream).catch(
        (cause: unknown) => {
          throw storageProblem(cause);
        },
      );
      file = { filename: cleanFilename(filename), mediaType: mediaType || undefined, stored };
      stored.catch(fail);
      const { collection } = values;
      if (!v.is(CollectionNameSchema, collection)) return;
      ask(collection).catch((error: AppError) => {
        // A later field may name another collection.
        if (values.collection === collection) fail(error);
      });
    });
    busboy.once('filesLimit', () => fail(new AppError('too_many_files')));
    busboy.once('fieldsLimit', () =>
      fail(new AppError('field_too_large', `At most ${MAX_FIELDS} form fields.`)),
    );
    busboy.once('partsLimit', () => fail(new AppError('too_many_files')));
    busboy.once('error', (cause) => fail(new AppError('malformed_multipart', undefined, { cause })));
    busboy.once('finish', resolve);
    endWatch = watchBody(request, body, { maxBytes: maxBytes + MAX_FRAMING_BYTES, leastRate }, fail);
    request.pipe(busboy);
  }).finally(() => endWatch?.());

  if (!file) throw new AppError('missing_file', 'Send the document as a part named "file".');
  const { filename, mediaType, stored } = file;
  await stored;
  const { size, contentHash } = blob.digest();
  if (size === 0) throw new AppError('empty_file');
  const parsed = parseUploadFields(values);
  if (!parsed.ok) throw new AppError(parsed.code, parsed.detail);
  const { fields } = parsed;
  return {
    admit: () => ask(fields.collection),
    fields,
    filename,
    mediaType,
    size,
    contentHash,
    ignored: [...ignored],
  };
}

/** Passes on bytes while the claim grants room. */
async function* within(claim: Claim, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const bytes of stream) {
    await claim.take(bytes.length);
    yield bytes;
  }
}

/** Ignores errors of the form's parser after the upload has failed, because they follow from that. */
function ignoreAfterFailure(): void {}

function isFieldName(name: string): name is UploadFieldName {
  return Object.hasOwn(UploadFieldsSchema.entries, name);
}

/** Returns the refusal of a field whose name is close to a known one; `undefined` for other names. */
function misspelling(name: string | undefined): AppError | undefined {
  const meant = name === undefined ? undefined : nearestName(name, Object.keys(UploadFieldsSchema.entries));
  if (meant === undefined) return undefined;
  return new AppError('misspelled_field', `${name}: is no field of an upload. Use ${meant}.`);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('file_too_large', `A file may have at most ${maxBytes} bytes.`);
}

function openForm(request: IncomingMessage, maxBytes: number): BusboyInstance {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) throw new AppError('not_multipart');
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + MAX_FRAMING_BYTES) throw tooLarge(maxBytes);
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      limits: {
        fileSize: maxBytes,
        files: 2,
        fields: MAX_FIELDS,
        fieldSize: MAX_FIELD_BYTES,
        headerPairs: 50,
      },
      // Some scripts send a field as a blob, which gives it a file name.
      isPartAFile: (name, contentType, filename) =>
        !(name !== undefined && isFieldName(name)) &&
        (filename !== undefined || contentType === 'application/octet-stream'),
    });
  } catch (cause) {
    throw new AppError('malformed_multipart', 'The Content-Type names no boundary.', { cause });
  }
}
