import { format } from 'node:util';

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

/** Logs what libraries print. ioredis prints a line without level or role for an account that loses INFO. */
export function logConsole(logger: Logger): void {
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    console[method] = (...words: unknown[]) => logger.warn('a library reports', { text: format(...words) });
}
