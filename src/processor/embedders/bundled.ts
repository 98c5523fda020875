import type { EmbedRequest } from '../../contract/processor.ts';
import { ProcessorError } from '../errors.ts';
import type { Pool } from '../pool/pool.ts';
import type { Caller, PendingResponse } from '../pool/task-run.ts';
import type { Embedder } from './embedder.ts';

const MODEL = 'universal-sentence-encoder-lite';
const DIMENSIONS = 512;

/**
 * Texts a task: about a fifth of a second's work on one core. Small enough that a short document's parse gets its
 * turn soon, and that every child has something to do.
 */
const BATCH_TEXTS = 4;
/** Texts a call is best given: so few that progress is seen, so many that calls cost little beside the model. */
const CALL_TEXTS = 2 * BATCH_TEXTS;

/** Embeds in the pool's children, with the model that comes with the program. */
export class BundledEmbedder implements Embedder {
  readonly batch = CALL_TEXTS;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Returns true, because the model runs in the pool's children. */
  async reachable(): Promise<boolean> {
    return true;
  }

  embed(request: EmbedRequest, caller: Caller): PendingResponse {
    const { texts, model = MODEL } = request;
    if (model !== MODEL) {
      throw new ProcessorError('invalid_request', { detail: `There is only the model "${MODEL}" here.` });
    }
    // When one batch fails, or nobody reads on, those that wait are dropped.
    const over = new AbortController();
    const signal = AbortSignal.any([caller.signal, over.signal]);
    const begin = (at: number) =>
      this.#pool.run({ kind: 'embed', texts: texts.slice(at, at + BATCH_TEXTS) }, { ...caller, signal });
    const first = begin(0);
    const batches = [first];
    for (let at = BATCH_TEXTS; at < texts.length; at += BATCH_TEXTS) batches.push(begin(at));
    // A failure of the first still has its status; a later one cuts the response off.
    const response = first.response.then(
      () => ReadableStream.from(joined(batches, over)),
      (error: unknown) => {
        over.abort();
        throw error;
      },
    );
    return { turn: first.turn, response };
  }
}

/** The children send vectors as JSON: to turn half a million numbers into text would stop this process. */
async function* joined(
  batches: readonly PendingResponse[],
  over: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    for (const [index, batch] of batches.entries()) {
      yield Buffer.from(index === 0 ? '{"embeddings":[' : ',');
      yield* await batch.response;
    }
    yield Buffer.from(`],"model":"${MODEL}","dimensions":${DIMENSIONS}}`);
  } finally {
    over.abort();
  }
}
