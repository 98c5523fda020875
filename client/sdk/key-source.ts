import type { SluiceError } from './sluice-error.ts';

/** Returns a key. `refused` is true if the server did not take the last one, or asks for one. */
export type GetKey = (refused: boolean) => string | undefined | Promise<string | undefined>;

/** Holds the key of a client, and asks its owner for another once the server refuses it. */
export class KeySource {
  readonly #ask: GetKey | undefined;
  #key: string | undefined;
  #known: boolean;
  /** Coalesces the questions of requests that were refused together. */
  #asking: Promise<string | undefined> | undefined;

  constructor(key: string | undefined, ask: GetKey | undefined) {
    this.#key = key;
    this.#ask = ask;
    this.#known = ask === undefined || key !== undefined;
  }

  /** Returns the key; `undefined` for none. */
  async current(): Promise<string | undefined> {
    if (this.#known) return this.#key;
    return this.#question(false);
  }

  /** Replaces the key. */
  set(key: string | undefined): void {
    this.#key = key;
    this.#known = true;
  }

  /** Asks again for a key, because this one expires soon. */
  async renew(): Promise<string | undefined> {
    return this.#ask ? this.#question(false) : this.#key;
  }

  /**
   * Returns another key in place of a refused one.
   * @param used the refused key. The source asks only while it is still the present one
   * @throws {SluiceError} `error`, if there is no other
   */
  async replace(used: string | undefined, error: SluiceError): Promise<string | undefined> {
    if (used !== this.#key) return this.#key;
    const key = this.#ask && (await this.#question(true));
    if (key === undefined || key === used) throw error;
    return key;
  }

  #question(refused: boolean): Promise<string | undefined> {
    const ask = this.#ask as GetKey;
    this.#asking ??= Promise.resolve(ask(refused))
      .then((key) => {
        this.set(key);
        return key;
      })
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }
}
