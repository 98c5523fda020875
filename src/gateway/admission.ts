import type { Subject } from '../limits/client-address.ts';
import type { Limiter } from '../limits/limiter.ts';

const SESSIONS_A_SECOND = 1000;
/** Sessions that may come at once before the rate counts. */
const BURST = 2000;
const MOST_SESSIONS = 50_000;

/** Returns the time in ms in which a gateway without sessions admits this many that come at once. */
export function admissionMs(sessions: number): number {
  return (Math.max(0, sessions - BURST) / SESSIONS_A_SECOND) * 1000;
}

/**
 * Decides which clients may open a session. All clients of a lost node come at once. Those beyond the rate must come again
 * in a second, so that open sessions are served meanwhile.
 */
export class Admission {
  readonly #limiter: Pick<Limiter, 'socket'>;
  #count = 0;
  #tokens = BURST;
  #filledAt = performance.now();

  constructor(limiter: Pick<Limiter, 'socket'>) {
    this.#limiter = limiter;
  }

  /** Counts one upgrade against the rate. @returns false if the client must come later */
  pass(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) / 1000) * SESSIONS_A_SECOND);
    this.#filledAt = now;
    if (this.#tokens < 1 || this.#count >= MOST_SESSIONS) return false;
    this.#tokens--;
    return true;
  }

  /**
   * Counts a client's session.
   * @returns a function that ends the count; `undefined` if the client has too many
   */
  enter(client: Subject): (() => void) | undefined {
    const close = this.#limiter.socket(client);
    if (!close) return undefined;
    this.#count++;
    return () => {
      this.#count--;
      close();
    };
  }
}
