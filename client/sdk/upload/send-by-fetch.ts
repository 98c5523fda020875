import type { FileRequest, FileResponse } from './send-file.ts';

/** Bytes that the line takes at once. */
const PIECE_BYTES = 64 * 1024;

/** Sends a file by `fetch` as a stream that counts its bytes, where there is no XMLHttpRequest. */
export async function sendByFetch(
  { url, headers, fields, name, blob }: FileRequest,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<FileResponse> {
  const boundary = `sluice-${crypto.randomUUID()}`;
  const encoder = new TextEncoder();
  const parts = fields.map(([field, value]) => part(boundary, `name="${escaped(field)}"`) + `${value}\r\n`);
  const type = blob.type === '' ? 'application/octet-stream' : blob.type;
  const head = part(boundary, `name="file"; filename="${escaped(name)}"`, `content-type: ${type}\r\n`);
  const form = {
    before: encoder.encode(parts.join('') + head),
    after: encoder.encode(`\r\n--${boundary}--\r\n`),
  };
  const length = form.before.length + blob.size + form.after.length;
  const init = {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(length),
    },
    body: stream(form, blob, onSent),
    // Required for a stream. The response comes after the request.
    duplex: 'half' as const,
    signal,
  };
  const response = await fetch(url, init);
  return {
    status: response.status,
    text: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}

function stream(
  { before, after }: { before: Uint8Array; after: Uint8Array },
  blob: Blob,
  onSent: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  let sent = 0;
  async function* all() {
    yield before;
    // In pieces of its own, because a blob in memory streams as one.
    while (sent < blob.size) {
      const piece = await blob.slice(sent, sent + PIECE_BYTES).arrayBuffer();
      yield new Uint8Array(piece);
      // The line has asked for more, so it has taken these.
      sent += piece.byteLength;
      onSent(sent);
    }
    yield after;
  }
  const source = all();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await source.return();
    },
  });
}

function part(boundary: string, disposition: string, more = ''): string {
  return `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${more}\r\n`;
}

/** Escapes a name as browsers do. */
function escaped(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
