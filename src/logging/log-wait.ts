import type { Logger } from './logger.ts';

/** Longest wait without a log line, in ms. Shorter waits are usual on a busy machine. */
const SILENT_MS = 5000;

/**
 * Awaits `work`, and logs once if that takes longer than 5 s.
 * @param what completes the log line "waiting for …"
 */
export async function logWait<T>(work: Promise<T>, what: string, logger: Logger): Promise<T> {
  const timer = setTimeout(() => logger.info(`waiting for ${what}`), SILENT_MS);
  timer.unref();
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
