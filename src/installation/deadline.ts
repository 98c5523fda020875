import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work to end, for so long at most. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal, ref: false }).catch(() => {});
  await Promise.race([work, late]).finally(() => over.abort());
}

/** @throws once work has taken so long; it goes on unheard */
export async function orTimeout<T>(ms: number, who: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${who} has not answered in ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
