const SESSIONS_A_SECOND = 1000;
/** So many may come at once before the rate counts. */
const BURST = 2000;
const MOST_SESSIONS = 50_000;
const MOST_AN_ADDRESS = 2000;

/**
 * Decides who may open a session. After a node has gone all its clients come at once; those beyond the rate are
 * asked to come again in a second, so that those who are in are served meanwhile.
 */
export class Admission {
  readonly #sessions = new Map<string, number>();
  #count = 0;
  #tokens = BURST;
  #filledAt = performance.now();

  /** Takes one upgrade against the rate. @returns false when it is to come later */
  pass(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) / 1000) * SESSIONS_A_SECOND);
    this.#filledAt = now;
    if (this.#tokens < 1 || this.#count >= MOST_SESSIONS) return false;
    this.#tokens--;
    return true;
  }

  /**
   * Notes a session of an address. Everything on this machine is the machine's own: loopback has no limit.
   * @returns what ends it again; `undefined` when the address has too many
   */
  enter(address: string): (() => void) | undefined {
    const open = this.#sessions.get(address) ?? 0;
    if (open >= MOST_AN_ADDRESS && !isLoopback(address)) return undefined;
    this.#sessions.set(address, open + 1);
    this.#count++;
    return () => {
      this.#count--;
      const left = (this.#sessions.get(address) ?? 1) - 1;
      if (left > 0) this.#sessions.set(address, left);
      else this.#sessions.delete(address);
    };
  }
}

function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\.|^::1$/.test(address);
}
