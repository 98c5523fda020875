import { residentMiB } from './memory.ts';
import { processorChildren } from './processor-children.ts';

const EVERY_MS = 100;

/** Watches how much memory parser processes of this process take, each by itself, until it is stopped. */
export class PeakMemory {
  #peakMiB = 0;
  readonly #timer = setInterval(() => void this.#look(), EVERY_MS);

  /** @returns the most that one of them ever held, in MiB */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#look();
    return this.#peakMiB;
  }

  async #look(): Promise<void> {
    const held = await Promise.all(
      // One that has just ended holds nothing.
      processorChildren().map((pid) => residentMiB(pid).catch(() => ({ peak: 0 }))),
    );
    for (const { peak } of held) this.#peakMiB = Math.max(this.#peakMiB, peak || 0);
  }
}
