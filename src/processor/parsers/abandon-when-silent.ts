import { settleWithin } from '../settle-within.ts';

/** Native calls abandoned after a timeout. They cannot be cancelled. */
const abandoned = new Set<Promise<unknown>>();

/**
 * Yields the source's values until the source is silent for `maxSilenceMs`, or the caller stops. Then it abandons the
 * native call, which continues: {@link hasAbandonedWork} is true until the call ends. It reads one value ahead, so that
 * a native source works beside its caller.
 * @throws when the source is silent for too long
 */
export async function* abandonWhenSilent<T>(
  source: AsyncGenerator<T>,
  maxSilenceMs: number,
): AsyncGenerator<T> {
  let next = source.next();
  let hasEnded = false;
  try {
    for (;;) {
      const result = await settleWithin(maxSilenceMs, next, 'silence' as const);
      if (result === 'silence') throw new Error(`the reader reported nothing for ${maxSilenceMs} ms`);
      hasEnded = result.done === true;
      if (result.done) return;
      next = source.next();
      // Its error waits until the caller has worked on this value.
      next.catch(() => undefined);
      yield result.value;
    }
  } finally {
    if (!hasEnded) abandon(next, source.return(undefined));
  }
}

/** @param ending lets the source free what it holds, once the call has ended */
function abandon(call: Promise<unknown>, ending: Promise<unknown>): void {
  const ended = Promise.allSettled([call, ending]);
  abandoned.add(ended);
  void ended.then(() => abandoned.delete(ended));
}

/** True while an abandoned call still runs: this process shares its core with it. */
export function hasAbandonedWork(): boolean {
  return abandoned.size > 0;
}
