import type { ProcessorHealth } from '../contract/services/processor.ts';

/** Interval of the looks, in ms. For this long after a change an upload may be compared with the former reader. */
const LOOK_MS = 5000;

/** Model and reader that the processor names; '' or 0 where it names none. */
export interface Present {
  readonly model: string;
  /** Length of the model's vectors, in numbers. */
  readonly dimensions: number;
  readonly reader_version: string;
}

/**
 * Reads the model and the reader of the processor regularly. They help decide whether an upload is a copy, and whether a
 * collection takes it.
 */
export class PresentReader {
  readonly #health: () => Promise<ProcessorHealth>;
  readonly #timer: NodeJS.Timeout;
  #present: Present = { model: '', dimensions: 0, reader_version: '' };
  #seen = false;

  constructor(health: () => Promise<ProcessorHealth>) {
    this.#health = health;
    this.#timer = setInterval(() => void this.look().catch(unlessAway), LOOK_MS).unref();
    void this.look().catch(unlessAway);
  }

  /** The model and the reader last seen. */
  get present(): Present {
    return this.#present;
  }

  /** Whether the processor has responded to a look. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Reads the processor's health now. @throws {DependencyError} while the processor is away */
  async look(): Promise<Present> {
    const { model = '', dimensions = 0, reader_version = '' } = await this.#health();
    this.#seen = true;
    return (this.#present = { model, dimensions, reader_version });
  }

  /** Ends the looks. */
  close(): void {
    clearInterval(this.#timer);
  }
}

/** Keeps the last reader while the processor is away. Readiness reports that. */
function unlessAway(): void {}
