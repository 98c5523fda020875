import { settleWithin } from '../settle-within.ts';

/** Native calls abandoned after a timeout. They cannot be cancelled. */
const abandoned = new Set<Promise<unknown>>();

/**
 * Yields the source's values until the source is silent for `maxSilenceMs`. Then it abandons the native call, which
 * continues: {@link hasAbandonedWork} is true until the call ends.
 * @throws when the source is silent for too long
 */
export async function* abandonWhenSilent<T>(
  source: AsyncGenerator<T>,
  maxSilenceMs: number,
): AsyncGenerator<T> {
  for (;;) {
    const next = source.next();
    const result = await settleWithin(maxSilenceMs, next, 'silence' as const);
    if (result === 'silence') {
      const ended = Promise.allSettled([next]);
      abandoned.add(ended);
      void ended.then(() => abandoned.delete(ended));
      throw new Error(`the reader reported nothing for ${maxSilenceMs} ms`);
    }
    if (result.done) return;
    yield result.value;
  }
}

/** True while an abandoned call still runs: this process shares its core with it. */
export function hasAbandonedWork(): boolean {
  return abandoned.size > 0;
}
