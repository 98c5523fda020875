/** Waits for work for at most `ms`. @returns its result, or `late`; the work goes on then */
export async function settleWithin<T, L>(ms: number, work: Promise<T>, late: L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  // Aborting a `sleep` would make two errors with their stacks, at every call.
  const limit = new Promise<L>((resolve) => (timer = setTimeout(() => resolve(late), ms)));
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}
