import type { IncomingMessage } from 'node:http';

import { AppError } from '../errors.ts';
import type { OpenBody } from './limiter.ts';

/** Time in ms over which a body must keep its least rate. A phone that changes networks is silent for less. */
const WINDOW_MS = 60_000;
/** A read of fewer bytes from the socket is a drip. One read may hold many small pieces of a quick body. */
const DRIP_BYTES = 256;
/** Drips in a row before the server reads less often. The parts of a form arrive in fewer. */
const MOST_DRIPS = 8;
/** Pause in ms after which the server reads such a body again. The kernel joins the drips meanwhile. */
const REST_MS = 250;

/**
 * Counts a body's bytes as they arrive, because its headers may lie.
 * @param leastRate least bytes a second, over each window. A window in which the server paused the body does not count
 * @param fail called once if the body is too large or too slow
 * @returns a function that ends the watch; the caller MUST call it
 */
export function watchBody(
  request: IncomingMessage,
  body: Pick<OpenBody, 'arrived'>,
  { maxBytes, leastRate, windowMs = WINDOW_MS }: { maxBytes: number; leastRate: number; windowMs?: number },
  fail: (error: AppError) => void,
): () => void {
  let total = 0;
  let inWindow = 0;
  let isHeldUp = false;
  const { socket } = request;
  let readBefore = socket.bytesRead;
  let drips = 0;
  let isResting = false;
  const end = () => {
    clearInterval(timer);
    request.off('data', count).off('pause', hold);
  };
  const refuse = (error: AppError) => {
    end();
    fail(error);
  };
  const count = ({ length }: Buffer) => {
    total += length;
    inWindow += length;
    body.arrived(length);
    const { bytesRead } = socket;
    if (bytesRead !== readBefore) drips = bytesRead - readBefore < DRIP_BYTES ? drips + 1 : 0;
    readBefore = bytesRead;
    if (drips > MOST_DRIPS && !isResting) rest();
    if (total > maxBytes)
      refuse(new AppError('body_too_large', `An upload may have at most ${maxBytes} bytes.`));
  };
  // 256 bodies of single bytes took a quarter of a core without a rest.
  const rest = () => {
    isResting = true;
    // The HTTP parser is inside the socket's data, and would read on after a pause.
    setImmediate(() => {
      socket.pause();
      setTimeout(() => {
        isResting = false;
        socket.resume();
      }, REST_MS);
    });
  };
  const hold = () => (isHeldUp = true);
  const timer = setInterval(() => {
    const isTooSlow = inWindow < (leastRate * windowMs) / 1000 && !isHeldUp;
    inWindow = 0;
    isHeldUp = request.isPaused();
    if (!isTooSlow) return;
    const detail = `An upload must send at least ${leastRate} bytes a second. Send it again over a faster connection.`;
    refuse(new AppError('upload_too_slow', detail));
  }, windowMs);
  request.on('data', count).on('pause', hold);
  return end;
}
