/**
 * Knows whether what this worker's jobs depend on can be reached, by the jobs that wait for it: while any does,
 * claiming more would only make more of them wait here instead of in the queue.
 */
export class Availability {
  #waiting = 0;

  get impaired(): boolean {
    return this.#waiting > 0;
  }

  /** Notes that a job waits for a dependency to come back. @returns notes that it waits no more */
  wait(): () => void {
    this.#waiting++;
    let over = false;
    return () => {
      if (!over) this.#waiting--;
      over = true;
    };
  }
}
