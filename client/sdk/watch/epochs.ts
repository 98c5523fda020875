/** Past epochs that a late response may still name. Each restart or failover of Redis begins another one. */
const REMEMBERED = 16;

/** A version with the generation that it counts in. */
export interface Seen {
  generation: number;
  version: number;
}

/**
 * Tells which states are newer. Versions compare within an epoch only. An epoch that has ended never returns, so a late
 * response of one is dropped.
 */
export class Epochs {
  #current = '';
  #generation = 0;
  readonly #past: string[] = [];

  /** Name of the epoch; empty until one is known. */
  get current(): string {
    return this.#current;
  }

  /** Grows with each epoch. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Notes the epoch of a message or response.
   * @param epoch empty if a proxy removed it, or before the first job
   * @returns false for a past epoch, whose states are out of date
   */
  enter(epoch: string): boolean {
    if (epoch === '' || epoch === this.#current) return true;
    if (this.#past.includes(epoch)) return false;
    if (this.#current !== '') {
      this.#past.push(this.#current);
      if (this.#past.length > REMEMBERED) this.#past.shift();
      this.#generation++;
    }
    this.#current = epoch;
    return true;
  }

  /** Returns whether a version of the present epoch is newer than one that was seen. */
  isNewer(version: number, seen: Seen | undefined): boolean {
    return seen === undefined || seen.generation !== this.#generation || version > seen.version;
  }
}
