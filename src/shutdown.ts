import type { Logger } from './logging/logger.ts';

/** Signals this close together are one wish: a terminal and npm both pass on the same Ctrl-C. */
const SAME_WISH_MS = 1000;

/**
 * Runs `stop` on the first SIGINT, SIGTERM or SIGHUP (a closed terminal), or when a supervising parent is gone, and then ends the process.
 * A signal that comes more than a second after the first ends it at once.
 * @param stop releases everything the process holds
 * @param reload called on SIGHUP, which then does not stop the process
 */
export function stopOnSignal(stop: () => Promise<void>, logger: Logger, reload?: () => void): void {
  let first: number | undefined;
  const begin = (signal: NodeJS.Signals | 'disconnect') => {
    const now = performance.now();
    if (first !== undefined) {
      if (signal !== 'disconnect' && now - first > SAME_WISH_MS) process.exit(1);
      return;
    }
    first = now;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('stopping failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', begin);
  process.on('SIGTERM', begin);
  process.on('SIGHUP', reload ?? begin);
  // Only a process that was started with an IPC channel ever sees this.
  process.on('disconnect', () => begin('disconnect'));
}
