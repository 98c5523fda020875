import { BUNDLED_MODEL, type EmbedRequest } from '../../contract/services/processor.ts';
import { ProcessorError } from '../errors.ts';
import type { Pool } from '../pool/pool.ts';
import type { Caller, PendingResponse } from '../pool/task-run.ts';
import type { Embedder } from './embedder.ts';
import { DIMENSIONS } from './encoder/encoder.ts';

/**
 * Texts in a task: about 0.1 s of work on one core. Small tasks let a short parse run soon and keep every child busy.
 */
const BATCH_TEXTS = 4;
/** Texts in a call. Few texts show progress. More would gain little, because the model costs far more than a call. */
const CALL_TEXTS = 2 * BATCH_TEXTS;

/** Embeds with the bundled model in the pool's children. */
export class BundledEmbedder implements Embedder {
  readonly batch = CALL_TEXTS;
  readonly model = BUNDLED_MODEL;
  readonly dimensions = DIMENSIONS;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Returns true, because the model runs in the pool's children. */
  async reachable(): Promise<boolean> {
    return true;
  }

  embed(request: EmbedRequest, caller: Caller): PendingResponse {
    const { texts, model = BUNDLED_MODEL } = request;
    if (model !== BUNDLED_MODEL) {
      throw new ProcessorError('invalid_request', {
        detail: `This processor has only the model "${BUNDLED_MODEL}". Name it, or no model.`,
      });
    }
    // If a batch fails, or the reader stops, the pool drops the waiting batches.
    const over = new AbortController();
    const signal = AbortSignal.any([caller.signal, over.signal]);
    const begin = (at: number) =>
      this.#pool.run({ kind: 'embed', texts: texts.slice(at, at + BATCH_TEXTS) }, { ...caller, signal });
    const first = begin(0);
    const batches = [first];
    for (let at = BATCH_TEXTS; at < texts.length; at += BATCH_TEXTS) batches.push(begin(at));
    // A failure of the first batch still sets the status. A later one cuts the response off.
    const response = first.response.then(
      () => joined(batches, over),
      (error: unknown) => {
        over.abort();
        throw error;
      },
    );
    return { turn: first.turn, response };
  }
}

/** Joins the children's JSON. Writing half a million numbers as text would block this process. */
async function* joined(
  batches: readonly PendingResponse[],
  over: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    for (const [index, batch] of batches.entries()) {
      yield Buffer.from(index === 0 ? '{"embeddings":[' : ',');
      yield* await batch.response;
    }
    yield Buffer.from(`],"model":"${BUNDLED_MODEL}","dimensions":${DIMENSIONS}}`);
  } finally {
    over.abort();
  }
}
