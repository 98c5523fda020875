import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work for at most `ms`. @returns its result, or `late`; the work goes on then */
export async function settleWithin<T, L>(ms: number, work: Promise<T>, late: L): Promise<T | L> {
  const over = new AbortController();
  const limit = sleep(ms, late, { signal: over.signal }).catch(() => late);
  return Promise.race([work, limit]).finally(() => over.abort());
}
