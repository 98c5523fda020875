/** Entries a call. Short calls delay other commands less, and Redis works on one while this process makes the next. */
const MOST_AT_ONCE = 16;

interface Waiting<Entry, Result> {
  readonly entry: Entry;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends the entries of one turn of the event loop in few calls, in order. */
export class Batcher<Entry, Result> {
  readonly #send: (entries: Entry[]) => Promise<(Result | Error)[]>;
  #waiting: Waiting<Entry, Result>[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /** @param send returns a result for each entry, in their order; an `Error` is for that entry alone */
  constructor(send: (entries: Entry[]) => Promise<(Result | Error)[]>) {
    this.#send = send;
  }

  /** Sends an entry by the end of this turn. @returns its result */
  add(entry: Entry): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ entry, resolve, reject });
    this.#scheduled ??= setImmediate(() => this.flush());
    return promise;
  }

  /** Sends the waiting entries now, so that they precede the caller's next command. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += MOST_AT_ONCE)
      this.#sendBatch(waiting.slice(from, from + MOST_AT_ONCE));
  }

  #sendBatch(batch: readonly Waiting<Entry, Result>[]): void {
    this.#send(batch.map(({ entry }) => entry)).then(
      (results) => {
        for (const [i, { resolve, reject }] of batch.entries()) {
          const result = results[i] as Result | Error;
          if (result instanceof Error) reject(result);
          else resolve(result);
        }
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  }
}
