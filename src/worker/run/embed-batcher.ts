import type { EmbedResponse } from '../../contract/services/processor.ts';
import { DependencyError } from '../../errors.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';

/** Shortest time between the starts of two calls, in ms. Texts that come in between share the next one. */
const INTERVAL_MS = 25;
/** Most texts in a call, as many as an embedding server gets in one. */
const MOST_TEXTS = 32;

interface Waiting {
  texts: string[];
  signal: AbortSignal;
  /** Makes a call of the job's own. */
  alone: () => Promise<EmbedResponse>;
  resolve: (response: EmbedResponse) => void;
  reject: (error: unknown) => void;
}

/**
 * Embeds the texts of small documents in shared calls. A call of one text costs the worker, the processor and the embedding
 * server more than the text does.
 */
export class EmbedBatcher {
  readonly #processor: Pick<ProcessorClient, 'embed'>;
  #waiting: Waiting[] = [];
  #lastAt = -INTERVAL_MS;

  /** @param processor makes the shared calls, which belong to no document */
  constructor(processor: Pick<ProcessorClient, 'embed'>) {
    this.#processor = processor;
  }

  /**
   * Returns a client that shares its calls to `/embed` with other jobs. After a failed call each job makes its own, unless
   * the processor is unreachable.
   * @param own client of the job's own
   */
  sharedBy(own: Pick<ProcessorClient, 'embed' | 'health'>): Pick<ProcessorClient, 'embed' | 'health'> {
    return {
      health: () => own.health(),
      embed: ({ texts }, signal) => this.#embed(texts, signal, () => own.embed({ texts }, signal)),
    };
  }

  #embed(texts: string[], signal: AbortSignal, alone: Waiting['alone']): Promise<EmbedResponse> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<EmbedResponse>();
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (this.#waiting.length === 0)
      setTimeout(() => this.#sendAll(), Math.max(0, this.#lastAt + INTERVAL_MS - performance.now()));
    this.#waiting.push({ texts, signal, alone, resolve, reject });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  #sendAll(): void {
    this.#lastAt = performance.now();
    const waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    this.#waiting = [];
    while (waiting.length > 0) void this.#send(takeNext(waiting));
  }

  /** Embeds in one call. Never throws. */
  async #send(jobs: readonly Waiting[]): Promise<void> {
    if (jobs.length === 1) return sendAlone(jobs);
    const unneeded = new AbortController();
    const cut = () => {
      if (jobs.every(({ signal }) => signal.aborted)) unneeded.abort();
    };
    for (const { signal } of jobs) signal.addEventListener('abort', cut);
    try {
      const texts = jobs.flatMap((job) => job.texts);
      const { embeddings, ...model } = await this.#processor.embed({ texts }, unneeded.signal);
      for (const job of jobs) job.resolve({ ...model, embeddings: embeddings.splice(0, job.texts.length) });
    } catch (error) {
      if (error instanceof DependencyError && error.kind === 'unreachable')
        for (const { reject } of jobs) reject(error);
      else sendAlone(jobs);
    } finally {
      for (const { signal } of jobs) signal.removeEventListener('abort', cut);
    }
  }
}

/** Takes the first jobs whose texts fit in one call, at least one. */
function takeNext(waiting: Waiting[]): Waiting[] {
  const taken: Waiting[] = [];
  for (let texts = 0; waiting[0]; taken.push(waiting.shift() as Waiting)) {
    texts += waiting[0].texts.length;
    if (taken.length > 0 && texts > MOST_TEXTS) break;
  }
  return taken;
}

function sendAlone(jobs: readonly Waiting[]): void {
  for (const { alone, resolve, reject } of jobs) alone().then(resolve, reject);
}
