import type { ProcessorHealth } from '../contract/processor.ts';

/** Interval in ms. For this long an upload may be judged by the reader before a change. */
const LOOK_MS = 5000;

/** Follows the model and the reader of the processor. They decide with others whether an upload is a copy. */
export class PresentReader {
  readonly #health: () => Promise<ProcessorHealth>;
  readonly #timer: NodeJS.Timeout;
  #present = { model: '', reader_version: '' };

  constructor(health: () => Promise<ProcessorHealth>) {
    this.#health = health;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
    void this.#look();
  }

  /** The model and the reader last seen; '' where the processor names none. */
  get present(): { model: string; reader_version: string } {
    return this.#present;
  }

  /** Ends the looks. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const found = await this.#health().catch(unlessAway);
    if (found) this.#present = { model: found.model ?? '', reader_version: found.reader_version ?? '' };
  }
}

/** Keeps the last reader while the processor is away. Readiness reports that. */
function unlessAway(): undefined {}
