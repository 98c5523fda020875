import { setTimeout as sleep } from 'node:timers/promises';

/** What nobody waits for any more, and nothing can stop. */
const abandoned = new Set<Promise<unknown>>();

/**
 * Passes on what comes, until nothing has come for `patienceMs`. What was waited for goes on all the same, in native
 * code: from then on {@link hasAbandonedWork}, until it ends.
 * @throws once it gives up
 */
export async function* patiently<T>(source: AsyncGenerator<T>, patienceMs: number): AsyncGenerator<T> {
  for (;;) {
    const next = source.next();
    const heard = new AbortController();
    const silence = sleep(patienceMs, 'silence' as const, { signal: heard.signal });
    silence.catch(() => {});
    const result = await Promise.race([next, silence]).finally(() => heard.abort());
    if (result === 'silence') {
      const ended = next.then(
        () => {},
        () => {},
      );
      abandoned.add(ended);
      void ended.then(() => abandoned.delete(ended));
      throw new Error(`nothing was heard for ${patienceMs} ms`);
    }
    if (result.done) return;
    yield result.value;
  }
}

/** True while something runs on that was given up: this process does not have its core to itself. */
export function hasAbandonedWork(): boolean {
  return abandoned.size > 0;
}
