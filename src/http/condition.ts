/** A condition variable with one reader, who waits for what a feed brings. */
export class Condition {
  #wake = () => {};
  #isNotified = false;
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  /** Makes the reader look again. */
  notify(): void {
    this.#isNotified = true;
    this.#wake();
  }

  /** Ends the wait of the reader, and each later one. */
  end(): void {
    this.#ended = true;
    this.notify();
  }

  /**
   * Waits until `look` finds something. It calls `look` again after each {@link notify}.
   * @returns `undefined` after `waitMs`, or at the end
   */
  async until<T>(look: () => T | undefined | Promise<T | undefined>, waitMs: number): Promise<T | undefined> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.notify();
    }, waitMs);
    try {
      for (;;) {
        this.#isNotified = false;
        const found = await look();
        if (found !== undefined || late || this.#ended) return found;
        // A notification may have come while `look` waited for its own.
        if (!this.#isNotified) await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
