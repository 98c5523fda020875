import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The head of a response. */
export interface Head {
  status: number;
  headers: Readonly<Record<string, string>>;
}

/**
 * Sends a stream as a response's body, at the client's pace. It sends the head with the first bytes, so that an error
 * before them can still become a problem.
 * @param sent called with the bytes of each piece
 * @returns the error that cut the response off after its head; `undefined` if it ended whole, or its client left
 * @throws the stream's error before its first bytes
 */
export async function sendStream(
  outgoing: ServerResponse,
  { status, headers }: Head,
  stream: Readable,
  sent: (bytes: number) => void,
): Promise<unknown> {
  await once(stream, 'readable');
  outgoing.writeHead(status, headers);
  const count = async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      sent(piece.length);
      yield piece;
    }
  };
  try {
    await pipeline(stream, count, outgoing);
    return undefined;
  } catch (error) {
    const left = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    return left ? undefined : error;
  }
}
