import type { Logger } from './logging/logger.ts';

/** Time in ms within which signals count as one, because a terminal and npm both pass on the same Ctrl-C. */
const SAME_WISH_MS = 1000;

/**
 * Runs `stop` on the first SIGINT, SIGTERM or SIGHUP (a closed terminal), or when the supervisor is gone. Then it ends the
 * process. A signal more than a second after the first ends the process at once.
 * @param stop releases all that the process holds
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
  // Only a process with an IPC channel receives this.
  process.on('disconnect', () => begin('disconnect'));
}
