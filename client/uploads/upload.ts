import * as v from 'valibot';

import { UploadAcceptedSchema, type UploadAccepted } from '../../src/contract/upload.ts';
import { currentKey, keyHeaders, refuseKey } from '../key.ts';
import { RequestError, toRequestError } from '../request.ts';

/** Uploads at once. A browser opens few connections to a host, and some must stay free for reading jobs. */
const AT_ONCE = 3;

const AcceptedText = v.pipe(v.string(), v.parseJson(), UploadAcceptedSchema);

let underWay = 0;
const waiting: (() => void)[] = [];

/**
 * Sends a file once a place for an upload is free.
 * @param onProgress called with the sent share, from 0 to 1
 * @param signal aborts the upload
 * @throws {RequestError} with words for a person
 */
export async function uploadFile(
  file: File,
  collection: string,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<UploadAccepted> {
  if (underWay === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else underWay++;
  try {
    return await send(file, collection, onProgress, signal);
  } finally {
    // Passes the place to the next upload, or frees it.
    const next = waiting.shift();
    if (next) next();
    else underWay--;
  }
}

/** Uses XMLHttpRequest, because fetch() reports no upload progress. */
function send(
  file: File,
  collection: string,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<UploadAccepted> {
  signal.throwIfAborted();
  const form = new FormData();
  form.append('collection', collection);
  form.append('file', file);
  const used = currentKey();
  const request = new XMLHttpRequest();
  const cancel = () => request.abort();
  signal.addEventListener('abort', cancel);
  const response = new Promise<UploadAccepted>((resolve, reject) => {
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      onProgress(total > 0 ? loaded / total : 0),
    );
    request.addEventListener('load', () => {
      if (request.status === 401) refuseKey(used);
      const accepted = v.safeParse(AcceptedText, request.responseText);
      if (request.status === 202 && accepted.success) resolve(accepted.output);
      else reject(toRequestError(request.status, request.responseText));
    });
    request.addEventListener('error', () =>
      reject(new RequestError('The file could not be sent: the connection to the server was lost.')),
    );
    request.addEventListener('abort', () => reject(new RequestError('The upload was cancelled.')));
  });
  request.open('POST', new URL('api/documents/upload', document.baseURI));
  for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
  request.send(form);
  return response.finally(() => signal.removeEventListener('abort', cancel));
}
