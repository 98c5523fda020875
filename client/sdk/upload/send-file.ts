import { createXhr } from '../environment.ts';
import { SluiceError } from '../sluice-error.ts';
import { sendByFetch } from './send-by-fetch.ts';
import { sendByXhr } from './send-by-xhr.ts';

/** Time in ms without a sent byte after which a try counts as lost. */
const STALLED_MS = 30_000;
/** Longest wait for the response after the last byte, in ms. A busy server may take long to store a file. */
const RESPONSE_MS = 60_000;
const CHECK_MS = 1000;

/** One try of an upload. */
export interface FileRequest {
  url: URL;
  headers: Record<string, string>;
  /** Form fields beside the file. */
  fields: readonly (readonly [name: string, value: string])[];
  name: string;
  blob: Blob;
}

export interface FileResponse {
  status: number;
  text: string;
  retryAfter: string | null;
}

/**
 * Sends a file once.
 * @param onSent called with the number of the file's bytes that are sent
 * @throws {SluiceError} `unreachable` or `timeout` with the reason, or the reason of `signal`
 */
export async function sendFile(
  request: FileRequest,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<FileResponse> {
  signal.throwIfAborted();
  const late = new AbortController();
  let sent = 0;
  let movedAt = Date.now();
  const note = (bytes: number) => {
    if (bytes > sent) movedAt = Date.now();
    sent = bytes;
    onSent(bytes);
  };
  const check = setInterval(() => {
    const isSent = sent >= request.blob.size;
    if (Date.now() - movedAt < (isSent ? RESPONSE_MS : STALLED_MS)) return;
    const words = isSent
      ? `The server did not respond within ${RESPONSE_MS / 1000} s of the last byte.`
      : `The line carried nothing for ${STALLED_MS / 1000} s.`;
    late.abort(new SluiceError('timeout', words));
  }, CHECK_MS);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    return await (sendByXhr(createXhr(), request, note, either) ?? sendByFetch(request, note, either));
  } catch (cause) {
    if (either.aborted) throw either.reason;
    const words = 'The file could not be sent: the connection to the server was lost.';
    throw new SluiceError('unreachable', words, { cause });
  } finally {
    clearInterval(check);
  }
}
