import { SluiceError } from './sluice-error.ts';

/**
 * Waits.
 * @param wake ends the wait early
 * @throws {SluiceError} the reason of `signal` if it aborts, or `aborted` for another reason
 */
export function sleep(
  ms: number,
  signal?: AbortSignal,
  wake: (early: () => void) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      const reason: unknown = signal?.reason;
      const words = 'The wait was aborted.';
      reject(reason instanceof SluiceError ? reason : new SluiceError('aborted', words, { cause: reason }));
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
