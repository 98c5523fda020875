/** Least time in ms between two requests, whatever is watched and whichever way sends them. */
export const PACE_MS = 2000;

/** Spaces the requests of all ways while the WebSocket does not work. So a blocked network gets one in two seconds. */
export class Pace {
  #freeAt = 0;

  /** Notes a request. */
  take(): void {
    this.#freeAt = Date.now() + PACE_MS;
  }

  /** Time until the next request may go, in ms. */
  get waitMs(): number {
    return Math.max(0, this.#freeAt - Date.now());
  }

  /** Forgets the requests so far, because the line may be back. */
  reset(): void {
    this.#freeAt = 0;
  }
}
