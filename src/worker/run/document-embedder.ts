import type { CutChunk, EmbedResponse } from '../../contract/services/processor.ts';
import { textToEmbed, type EmbeddedChunk } from '../../documents/chunk-record.ts';
import type { EmbeddingModel } from '../../documents/collections/embedding-model.ts';
import { DependencyError } from '../../errors.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { FormerVectors } from './former-vectors.ts';
import type { RetryingCaller } from './retrying-caller.ts';
import { lanes, type Start } from './concurrently.ts';

/** Chunks a batch, at most. Chroma's cost is by the write, and batches of 250 were the fastest for one writer. */
const LARGEST_BATCH = 250;
const SMALLEST_BATCH = 50;
/** Least number of batches, so that little is left to store once all chunks are embedded. */
const FEWEST_BATCHES = 3;
/** Largest document, in chunks, that goes in one call without a look at the processor's health. Each look connects to the embedder. */
const ONE_CALL = 8;

export interface EmbedderServices {
  processor: Pick<ProcessorClient, 'embed' | 'health'>;
  checkpoints: Checkpoints;
  caller: RetryingCaller;
  /** Starts a call beside the others. The first failure stops all. */
  start: Start;
  signal: AbortSignal;
  /** Called with the number of further chunks that have vectors. */
  onEmbedded: (count: number) => void;
  /** Vectors of the chunks that the document had before. */
  former?: FormerVectors | undefined;
  /** Rejects unless the collection takes the document's model. The embedder awaits it before it returns any vector. */
  ensureTaken: (model: EmbeddingModel) => Promise<void>;
}

const alone: Start = (work) => work();
const NO_MODEL: EmbeddingModel = { name: '', dimensions: 0 };

/**
 * Embeds a document batch by batch, and reuses the checkpoint of an earlier attempt and the vectors of former chunks. All
 * vectors of a document come from one model. While chunks are left to embed, it is the one that responds now.
 */
export class DocumentEmbedder {
  readonly #chunks: readonly CutChunk[];
  /** Chunks in each batch but the last. */
  readonly #batchSize: number;
  readonly #services: EmbedderServices;
  #model: EmbeddingModel | undefined;
  #taken: Promise<void> | undefined;
  /** The last look for a checkpoint. */
  #looked: Promise<unknown> = Promise.resolve();
  #processor: Promise<{ inLane: Start; size: number }> | undefined;
  /** Vectors of the model, by text. They come from former chunks, and from the call that determined the model. */
  readonly #known = new Map<string, ArrayLike<number>>();

  constructor(chunks: readonly CutChunk[], services: EmbedderServices) {
    this.#chunks = chunks;
    const share = Math.ceil(chunks.length / FEWEST_BATCHES);
    this.#batchSize = Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, share));
    this.#services = services;
  }

  get batches(): number {
    return Math.ceil(this.#chunks.length / this.#batchSize);
  }

  /** The model, once a batch is embedded. */
  get model(): EmbeddingModel {
    return this.#model ?? NO_MODEL;
  }

  /**
   * Determines the model. Callers MUST await it before the first batch, because an earlier attempt may have used
   * another model. Its vectors must not be stored then.
   */
  async begin(): Promise<void> {
    const { checkpoints, former } = this.#services;
    const embedded = await checkpoints.embedded();
    if (embedded.size === 0 && !former) return;
    for (let batch = 0; batch < this.batches; batch++) {
      if (embedded.has(batch)) continue;
      const texts = this.#texts(batch * this.#batchSize, this.#end(batch));
      // Prefers a text that needs a vector anyway.
      const [first = ''] = texts;
      const text = texts.find((one) => !former?.byText.has(one)) ?? first;
      const [vector] = await this.#embed([text]);
      const { name, dimensions } = this.model;
      if (former?.model === name)
        for (const [one, known] of former.byText)
          if (known.length === dimensions) this.#known.set(one, known);
      return void this.#known.set(text, vector as number[]);
    }
  }

  /** Embeds a batch, and keeps its vectors for the next attempt. */
  async embed(batch: number): Promise<EmbeddedChunk[]> {
    const { checkpoints, caller, onEmbedded } = this.#services;
    const [from, end] = [batch * this.#batchSize, this.#end(batch)];
    const texts = this.#texts(from, end);
    // Looks in turn, so that earlier batches are embedded first. They are stored in order.
    const look = this.#looked.then(() => checkpoints.vectors(batch, texts));
    this.#looked = look.catch(() => {});
    const kept = await look;
    if (kept && (await this.#isOurs(kept, true))) {
      onEmbedded(texts.length);
      return this.#joined(from, kept.embeddings);
    }
    const embeddings = await this.#embedAnew(texts);
    const { name: model, dimensions } = this.model;
    if (await checkpoints.keepVectors(batch, texts, { embeddings, model, dimensions })) caller.checkpoint();
    return this.#joined(from, embeddings);
  }

  async #embedAnew(texts: readonly string[]): Promise<number[][]> {
    const { start, onEmbedded } = this.#services;
    const missing = texts.filter((text) => !this.#known.has(text));
    onEmbedded(texts.length - missing.length);
    if (missing.length === 0) return texts.map((text) => Array.from(this.#known.get(text) ?? []));
    const isOneCall = this.#chunks.length <= ONE_CALL;
    const { inLane, size } = isOneCall ? { inLane: alone, size: ONE_CALL } : await this.#ready();
    const calls: Promise<number[][]>[] = [];
    for (let at = 0; at < missing.length; at += size) {
      const some = missing.slice(at, at + size);
      const call = async () => {
        const vectors = await inLane(() => this.#embed(some));
        onEmbedded(vectors.length);
        return vectors;
      };
      calls.push(start(call));
    }
    const made = (await Promise.all(calls)).flat();
    return texts.map((text) => {
      const known = this.#known.get(text);
      return known ? Array.from(known) : (made.shift() as number[]);
    });
  }

  async #embed(texts: string[]): Promise<number[][]> {
    const { processor, caller, signal } = this.#services;
    const response = await caller.retryWhileUnavailable(signal, () => processor.embed({ texts }, signal));
    if (await this.#isOurs(response)) return response.embeddings;
    return this.#giveUpModel();
  }

  /** Drops the checkpoint's vectors, so that the next attempt embeds with the present model. Always throws. */
  async #giveUpModel(): Promise<never> {
    await this.#services.checkpoints.dropVectors();
    const detail = 'The embedding model changed while the document was embedded.';
    throw new DependencyError('transient', 'embedding_model_changed', detail);
  }

  /** Asks the processor for its size, once a chunk must be embedded. One lane more than children keeps each child busy. */
  #ready(): Promise<{ inLane: Start; size: number }> {
    const { processor, caller, signal } = this.#services;
    const health = () => {
      signal.throwIfAborted();
      return processor.health();
    };
    this.#processor ??= caller
      .retryWhileUnavailable(signal, health)
      .then(({ children, embed_batch }) => ({ inLane: lanes(children + 1), size: embed_batch }));
    return this.#processor;
  }

  /** Checks that vectors come from the document's model. The first vectors define it. Rejects if the collection does not take it. */
  async #isOurs({ model, embeddings }: EmbedResponse, isKept = false): Promise<boolean> {
    const dimensions = embeddings[0]?.length ?? 0;
    this.#model ??= { name: model, dimensions };
    const isOurs = this.#model.name === model && this.#model.dimensions === dimensions;
    await (this.#taken ??= this.#ensureTaken(this.#model, isKept));
    return isOurs;
  }

  async #ensureTaken(model: EmbeddingModel, isKept: boolean): Promise<void> {
    try {
      await this.#services.ensureTaken(model);
    } catch (error) {
      // A refused model of a checkpoint says nothing about the present one.
      if (isKept && error instanceof DependencyError && error.code === 'embedding_mismatch')
        await this.#giveUpModel();
      throw error;
    }
  }

  #joined(from: number, embeddings: number[][]): EmbeddedChunk[] {
    return embeddings.map((embedding, i) => ({
      ...(this.#chunks[from + i] as CutChunk),
      index: from + i,
      embedding,
    }));
  }

  #end(batch: number): number {
    return Math.min((batch + 1) * this.#batchSize, this.#chunks.length);
  }

  #texts(from: number, until: number): string[] {
    return this.#chunks.slice(from, until).map(textToEmbed);
  }
}
