import type { IncomingMessage } from 'node:http';

import { AppError } from '../errors.ts';

/** Time in ms for a small body, the same as for a request's head. A dripping body would hold its connection for hours. */
const WITHIN_MS = 20_000;

/** Returns whether a request has, or may have, a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
}

/**
 * Reads a small body to its end. It counts the bytes that arrive, because headers may lie.
 * @param maxBytes largest size, in bytes
 * @param withinMs time in ms within which the body must arrive
 * @throws {AppError} `body_too_large`, `request_too_slow`, or `invalid_request` if its sender goes away
 */
export function readBody(request: IncomingMessage, maxBytes: number, withinMs = WITHIN_MS): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = () => {
      clearTimeout(timer);
      // Without a listener, the server drains and drops the rest.
      request.off('data', take).off('end', whole).off('close', cut);
    };
    const refuse = (error: AppError) => {
      end();
      reject(error);
    };
    const take = (bytes: Buffer) => {
      chunks.push(bytes);
      length += bytes.length;
      if (length > maxBytes)
        refuse(new AppError('body_too_large', `This body may have at most ${maxBytes} bytes.`));
    };
    const whole = () => {
      end();
      resolve(new TextDecoder().decode(Buffer.concat(chunks)));
    };
    const cut = () => refuse(new AppError('invalid_request', 'The connection ended before the body did.'));
    const timer = setTimeout(() => {
      refuse(new AppError('request_too_slow', `The body must arrive within ${withinMs / 1000} s.`));
    }, withinMs);
    // A `close` event follows, and rejects.
    request.on('error', () => {});
    request.on('data', take).on('end', whole).on('close', cut);
    if (request.destroyed) cut();
  });
}
