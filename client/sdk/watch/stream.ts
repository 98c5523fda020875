/** Says which values of a stream a slow reader may miss. */
export interface Rules<T> {
  /** Values of the same key supersede each other. */
  key(value: T): string;
  /** Returns whether a reader must get the value, whatever follows it. */
  isKept(value: T): boolean;
}

/** Values that a reader has not taken yet: of each key the kept ones, and the latest. */
class Backlog<T> {
  readonly #rules: Rules<T>;
  readonly #waiting = new Map<string, T[]>();

  constructor(rules: Rules<T>) {
    this.#rules = rules;
  }

  add(value: T): void {
    const key = this.#rules.key(value);
    const values = this.#waiting.get(key);
    if (!values) return void this.#waiting.set(key, [value]);
    const last = values.at(-1) as T;
    if (this.#rules.isKept(last)) values.push(value);
    else values[values.length - 1] = value;
  }

  take(): { value: T } | undefined {
    for (const [key, values] of this.#waiting) {
      const value = values.shift() as T;
      if (values.length === 0) this.#waiting.delete(key);
      return { value };
    }
    return undefined;
  }
}

type Settle<T> = {
  resolve: (result: IteratorResult<T, undefined>) => void;
  reject: (error: unknown) => void;
};
const DONE = { value: undefined, done: true } as const;

/** A stream of values for any number of readers. Each gets the present values first. A slow reader gets the latest ones. */
export class Stream<T> implements AsyncIterable<T> {
  readonly #rules: Rules<T>;
  readonly #present: () => Iterable<T>;
  readonly #readers = new Set<{ backlog: Backlog<T>; wake: () => void }>();
  #end: { error?: unknown } | undefined;

  /** @param present returns the values that a new reader starts with */
  constructor(rules: Rules<T>, present: () => Iterable<T>) {
    this.#rules = rules;
    this.#present = present;
  }

  push(value: T): void {
    for (const { backlog, wake } of this.#readers) {
      backlog.add(value);
      wake();
    }
  }

  /** Ends the stream once its readers have taken what waits. @param end holds an error to throw to them, if there is one */
  end(end: { error?: unknown } = {}): void {
    this.#end ??= end;
    for (const { wake } of this.#readers) wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const backlog = new Backlog(this.#rules);
    for (const value of this.#present()) backlog.add(value);
    const waiting: Settle<T>[] = [];
    const wake = () => {
      while (waiting.length > 0) {
        const taken = backlog.take();
        if (!taken && !this.#end) return;
        const { resolve, reject } = waiting.shift() as Settle<T>;
        if (taken) resolve({ value: taken.value, done: false });
        else if (this.#end && 'error' in this.#end) reject(this.#end.error);
        else resolve(DONE);
      }
    };
    const reader = { backlog, wake };
    this.#readers.add(reader);
    return {
      next: () =>
        new Promise((resolve, reject) => {
          waiting.push({ resolve, reject });
          wake();
        }),
      return: () => {
        this.#readers.delete(reader);
        for (const { resolve } of waiting.splice(0)) resolve(DONE);
        return Promise.resolve(DONE);
      },
    };
  }
}

/** Calls a callback of the SDK's user. Its error goes to the platform, and stops nothing here. */
export function callBack<T extends unknown[]>(
  callback: ((...values: T) => void) | undefined,
  ...values: T
): void {
  try {
    callback?.(...values);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
