/**
 * Coalesces concurrent calls: one round runs at a time, and callers that arrive during a round share the next one.
 * So a result is never older than the call.
 */
export class SingleFlight<T> {
  readonly #run: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(run: () => Promise<T>) {
    this.#run = run;
  }

  /** Whether no caller waits for a round that has not begun. */
  get isIdle(): boolean {
    return this.#next === undefined;
  }

  /** @returns the result of a round that began after the call */
  ask(): Promise<T> {
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      const round = this.#run();
      this.#current = round.catch(() => {});
      return round;
    });
    return this.#next;
  }
}
