import { format } from 'node:util';

import type { Logger } from './logger.ts';

/** Logs Node's warnings and the error that ends the process. Node would print them as plain text. */
export function logProcessFaults(logger: Logger): void {
  // Removes Node's own listener, which prints.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn('Node warns', { warning }));
  process.on('uncaughtException', (error) => {
    logger.error('the process ends on an error that nothing caught', { error });
    process.exit(1);
  });
}

/** Logs the console output of libraries. For example, ioredis prints a line if its account loses INFO. */
export function logConsole(logger: Logger): void {
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    console[method] = (...words: unknown[]) => logger.warn('a library reports', { text: format(...words) });
}
