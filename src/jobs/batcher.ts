/** So many at once keep a call short for those who wait behind it; Redis works on one while the next is made. */
const MOST_AT_ONCE = 16;

interface Waiting<Entry, Answer> {
  readonly entry: Entry;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends what is said in one turn of the event loop in few calls instead of many, in its order. */
export class Batcher<Entry, Answer> {
  readonly #send: (entries: Entry[]) => Promise<(Answer | Error)[]>;
  #waiting: Waiting<Entry, Answer>[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /** @param send answers each entry, in their order; an `Error` is for that entry alone */
  constructor(send: (entries: Entry[]) => Promise<(Answer | Error)[]>) {
    this.#send = send;
  }

  /** Sends an entry by the end of this turn. @returns its answer */
  add(entry: Entry): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ entry, resolve, reject });
    this.#scheduled ??= setImmediate(() => this.flush());
    return promise;
  }

  /** Sends what waits now: what is sent next comes after it. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += MOST_AT_ONCE)
      this.#sendBatch(waiting.slice(from, from + MOST_AT_ONCE));
  }

  #sendBatch(batch: readonly Waiting<Entry, Answer>[]): void {
    this.#send(batch.map(({ entry }) => entry)).then(
      (answers) => {
        for (const [i, { resolve, reject }] of batch.entries()) {
          const answer = answers[i] as Answer | Error;
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        }
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  }
}
