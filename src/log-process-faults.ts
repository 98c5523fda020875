import type { Logger } from './logger.ts';

/** Logs what Node itself would print in lines of its own: its warnings, and the error that ends the process. */
export function logProcessFaults(logger: Logger): void {
  // Node's own listener prints.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn('Node warns', { warning }));
  process.on('uncaughtException', (error) => {
    logger.error('the process ends on an error that nothing caught', { error });
    process.exit(1);
  });
}
