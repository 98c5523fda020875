/** Starts a piece of work beside the others. Callers may ignore its promise, because the group handles its failure. */
export type Start = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs pieces of work concurrently, and waits for all of them in any case.
 * @param signal aborts all pieces
 * @param body the first piece, which starts the others; its signal aborts when any piece fails
 * @returns the result of `body`
 * @throws the first error, which also stops the other pieces
 */
export async function concurrently<T>(
  signal: AbortSignal,
  body: (start: Start, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController();
  const either = AbortSignal.any([signal, stopping.signal]);
  const underWay = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;

  const start: Start = (work) => {
    const piece = work();
    const settled = piece
      .then(
        () => {},
        (error: unknown) => {
          failure ??= { error };
          // Gives no reason, because a retryable error would make the stopped pieces retry.
          stopping.abort();
        },
      )
      .finally(() => underWay.delete(settled));
    underWay.add(settled);
    return piece;
  };

  const whole = start(() => body(start, either));
  while (underWay.size > 0) await Promise.all(underWay);
  if (failure) throw failure.error;
  return whole;
}

/** Runs at most `count` pieces of work at once, in the order they come. */
export function lanes(count: number): Start {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/**
 * Runs an operation for each item, at most `count` at once. Takes an item only when its turn comes. Waits for all started ones
 * in any case.
 * @param signal its abort starts no further operations
 * @throws the first error, after which no further operation starts
 */
export async function eachInLanes<T>(
  items: Iterable<T>,
  count: number,
  signal: AbortSignal,
  operation: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  await concurrently(signal, async (start, either) => {
    const runLane = async () => {
      for (let next = rest.next(); next.done !== true; next = rest.next()) {
        either.throwIfAborted();
        await operation(next.value);
      }
    };
    for (let lane = 0; lane < count; lane++) void start(runLane);
  });
}
