import type { Logger } from './logger.ts';

/** Shorter waits are usual on a busy machine, and need no words. In ms. */
const SILENT_MS = 5000;

/**
 * Waits, and logs once what it waits for if that takes longer than 5 s.
 * @param what completes the sentence "waiting for …"
 */
export async function sayWait<T>(work: Promise<T>, what: string, logger: Logger): Promise<T> {
  const timer = setTimeout(() => logger.info(`waiting for ${what}`), SILENT_MS);
  timer.unref();
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
