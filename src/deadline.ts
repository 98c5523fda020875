/** Waits for work to end, up to a deadline in ms. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A timer, because aborting a `sleep` would make two errors with their stacks, at every call.
  const timer = setTimeout(resolve, ms).unref();
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** Waits for work, up to a deadline in ms. @throws after the deadline; the work goes on, and its result is dropped */
export async function orTimeout<T>(ms: number, who: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${who} has not responded in ${ms} ms`)), ms);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
