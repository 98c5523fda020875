/**
 * Runs something for many who ask at once: one round at a time, and whoever asks while one is under way shares the
 * next. So what a round finds is never older than the asking.
 */
export class SharedRound<T> {
  readonly #run: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(run: () => Promise<T>) {
    this.#run = run;
  }

  /** @returns what a round that began after the call has found */
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
