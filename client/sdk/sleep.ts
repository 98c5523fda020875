import { SluiceError } from './sluice-error.ts';

/**
 * Waits.
 * @param wake ends the wait early
 * @throws {SluiceError} `aborted` if `signal` aborts
 */
export function sleep(
  ms: number,
  signal?: AbortSignal,
  wake: (early: () => void) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new SluiceError('aborted', 'The wait was aborted.', { cause: signal?.reason }));
    };
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    wake(end);
  });
}
