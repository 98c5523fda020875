import type { XhrLike } from '../environment.ts';
import type { FileRequest, FileResponse } from './send-file.ts';

/**
 * Sends a file by XMLHttpRequest, because `fetch` reports no progress in browsers.
 * @param xhr `undefined` where there is none
 * @returns `undefined` without one
 */
export function sendByXhr(
  xhr: XhrLike | undefined,
  { url, headers, fields, name, blob }: FileRequest,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<FileResponse> | undefined {
  if (!xhr) return undefined;
  const form = new FormData();
  for (const [field, value] of fields) form.append(field, value);
  form.append('file', blob, name);
  const abort = () => xhr.abort();
  const response = new Promise<FileResponse>((resolve, reject) => {
    // The count includes the form around the file.
    xhr.upload.addEventListener('progress', ({ loaded }) => onSent(Math.min(loaded, blob.size)));
    xhr.addEventListener('load', () =>
      resolve({
        status: xhr.status,
        text: xhr.responseText,
        retryAfter: xhr.getResponseHeader('retry-after'),
      }),
    );
    for (const type of ['error', 'abort'] as const)
      xhr.addEventListener(type, () => reject(new Error(`The request ended with "${type}".`)));
    xhr.open('POST', url.href);
    for (const [header, value] of Object.entries(headers)) xhr.setRequestHeader(header, value);
    signal.addEventListener('abort', abort, { once: true });
    xhr.send(form);
  });
  return response.finally(() => signal.removeEventListener('abort', abort));
}
