import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work to end, up to a deadline in ms. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal, ref: false }).catch(() => {});
  await Promise.race([work, late]).finally(() => over.abort());
}

/** Waits for work, up to a deadline in ms. @throws after the deadline; the work goes on, and its result is dropped */
export async function orTimeout<T>(ms: number, who: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${who} has not responded in ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
