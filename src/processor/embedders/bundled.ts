import type { EmbedRequest } from '../../contract/processor.ts';
import { ProcessorError } from '../errors.ts';
import type { Pool } from '../pool/pool.ts';
import type { Embedder } from './embedder.ts';

const MODEL = 'universal-sentence-encoder-lite';
const DIMENSIONS = 512;

/**
 * Texts a task: about half a second's work on one core. Small enough that a short document's parse gets its
 * turn soon, and that every child has something to do.
 */
const BATCH_TEXTS = 8;

/** Embeds in the pool's children, with the model that comes with the program. */
export class BundledEmbedder implements Embedder {
  readonly batch = BATCH_TEXTS;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async embed(request: EmbedRequest, caller: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { texts, model = MODEL } = request;
    if (model !== MODEL) {
      throw new ProcessorError('invalid_request', { detail: `There is only the model "${MODEL}" here.` });
    }
    // When one batch fails, or nobody reads on, those that wait are dropped.
    const over = new AbortController();
    const signal = AbortSignal.any([caller, over.signal]);
    const batches: Promise<ReadableStream<Uint8Array>>[] = [];
    for (let at = 0; at < texts.length; at += BATCH_TEXTS) {
      const task = { kind: 'embed', texts: texts.slice(at, at + BATCH_TEXTS) } as const;
      batches.push(this.#pool.run(task, signal).answer);
    }
    // A failure now still has its status; a later one cuts the answer off.
    await batches[0];
    return ReadableStream.from(joined(batches, over));
  }
}

/** The children send vectors as JSON: to turn half a million numbers into text would stop this process. */
async function* joined(
  batches: readonly Promise<ReadableStream<Uint8Array>>[],
  over: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    for (const [index, batch] of batches.entries()) {
      yield Buffer.from(index === 0 ? '{"embeddings":[' : ',');
      yield* await batch;
    }
    yield Buffer.from(`],"model":"${MODEL}","dimensions":${DIMENSIONS}}`);
  } finally {
    over.abort();
  }
}
