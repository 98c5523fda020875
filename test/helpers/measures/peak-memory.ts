import { residentMiB } from './memory.ts';
import { processorChildren } from '../processors/processor-children.ts';

const EVERY_MS = 100;

/**
 * What no child can pass, whatever it is given. The kernel grants 3,584 MiB; over 500 of these are reserved and never
 * used, and what is mapped from files, less than 100, comes on top.
 */
export const MOST_CHILD_MIB = 3200;

/** Watches how much memory parser processes take, each by itself, until it is stopped, or goes out of scope. */
export class PeakMemory implements Disposable {
  readonly #processor: number | undefined;
  #peakMiB = 0;
  readonly #timer = setInterval(() => void this.#look(), EVERY_MS);

  /** @param processor the pid of the process that runs their processor, if it is not this one */
  constructor(processor?: number) {
    this.#processor = processor;
  }

  /** @returns the most that one of them ever held, in MiB */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#look();
    return this.#peakMiB;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const held = await Promise.all(
      // One that has just ended holds nothing.
      processorChildren(this.#processor).map((pid) => residentMiB(pid).catch(() => ({ peak: 0 }))),
    );
    for (const { peak } of held) this.#peakMiB = Math.max(this.#peakMiB, peak || 0);
  }
}
