/**
 * Counts this worker's jobs that wait for a dependency. While one waits, the worker claims no more, because further
 * jobs would wait here instead of in the queue.
 */
export class Availability {
  #waiting = 0;

  get impaired(): boolean {
    return this.#waiting > 0;
  }

  /** Counts a waiting job. @returns a function that ends its wait */
  wait(): () => void {
    this.#waiting++;
    let over = false;
    return () => {
      if (!over) this.#waiting--;
      over = true;
    };
  }
}
