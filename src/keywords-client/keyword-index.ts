import { Agent, request } from 'undici';
import * as v from 'valibot';

import {
  INSTALLATION_HEADER,
  KeywordCollectionsSchema,
  KeywordCountsSchema,
  KeywordDoneSchema,
  KeywordGenerationsSchema,
  KeywordHitsSchema,
  MAX_KEYWORD_BATCH,
  type KeywordCollections,
  type KeywordHits,
  type KeywordQuery,
  type KeywordUpsert,
  type KeywordWrite,
} from '../contract/services/keywords.ts';
import { DependencyError } from '../errors.ts';
import { InstallationError } from '../installation/installation-error.ts';
import type { Generation } from '../jobs/model/generation.ts';
import { explainFailure, failed, notAnIndex, refusal } from './failures.ts';

/** Timeout of one call, in ms. The index may still carry out a write after it. */
export const KEYWORDS_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2000;
/** Most bytes of chunks in one `/upsert`. The index serves no other call while it stores them. A larger chunk goes alone. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Most generations in one `/count`. */
const MAX_COUNTED = 5000;
/** Most bytes of a response, because any server may stand at the address. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * Calls the keyword index (`contract/services/keywords.ts`), and checks every response.
 * Methods throw {@link DependencyError}, or the signal's reason when it was aborted.
 */
export class KeywordIndex {
  readonly #url: string;
  readonly #secret: string | undefined;
  readonly #installation: () => string;
  readonly #agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    maxResponseSize: MAX_RESPONSE_BYTES,
  });

  /**
   * @param url base URL of the index
   * @param options.secret the secret that the index demands; absent for an open one
   * @param options.installation returns the installation's id, for the header of every call. Its error fails a write, and a
   * read then goes without the header
   */
  constructor(url: string, options: { secret: string | undefined; installation: () => string }) {
    this.#url = url.replace(/\/$/, '');
    this.#secret = options.secret;
    this.#installation = options.installation;
  }

  /** Stores chunks of some generations, in as many calls as they need. @throws `dead_generation` if one was deleted */
  async upsert({ collection, writes }: KeywordUpsert, signal: AbortSignal): Promise<void> {
    for (const batch of batches(writes)) await this.#write('/upsert', { collection, writes: batch }, signal);
  }

  /** Deletes a generation's chunks. The index refuses later ones, even if it has none of them now. */
  async deleteGeneration(
    { collection, documentId, generation }: Generation,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#write('/delete', { collection, document_id: documentId, generation }, signal);
  }

  /** Counts the stored chunks of each generation, in order. `id` is the document. */
  async countStored(
    collection: string,
    generations: readonly { id: string; generation: string }[],
    signal: AbortSignal,
  ): Promise<number[]> {
    const all: number[] = [];
    for (let from = 0; from < generations.length; from += MAX_COUNTED) {
      const counted = generations
        .slice(from, from + MAX_COUNTED)
        .map(({ id, generation }) => ({ document_id: id, generation }));
      const body = { collection, generations: counted };
      const { counts } = await this.#call('/count', body, KeywordCountsSchema, signal);
      if (counts.length !== counted.length)
        throw failed(new Error(`${counts.length} counts for ${counted.length} generations`));
      all.push(...counts);
    }
    return all;
  }

  /** Finds the chunks that match a query best, of every generation. The caller leaves out dead ones. */
  async query(query: KeywordQuery, signal: AbortSignal): Promise<KeywordHits> {
    return this.#call('/query', query, KeywordHitsSchema, signal);
  }

  /** Lists every generation with chunks, live or dead, in batches. Concurrent writes may be absent. */
  async *generations(signal: AbortSignal): AsyncGenerator<Generation[]> {
    const { collections } = await this.collections(signal);
    for (const { name: collection } of collections) {
      let after: string | undefined;
      do {
        const page = await this.#call(
          '/generations',
          { collection, after },
          KeywordGenerationsSchema,
          signal,
        );
        yield page.generations.map(({ document_id, generation }) => ({
          collection,
          documentId: document_id,
          generation,
        }));
        after = page.next;
      } while (after !== undefined);
    }
  }

  /** Lists the collections with chunks, and which of them are complete. */
  async collections(signal: AbortSignal): Promise<KeywordCollections> {
    return this.#call('/collections', undefined, KeywordCollectionsSchema, signal);
  }

  /** Marks a collection as complete; without a name, the whole index. */
  async markComplete(collection: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#write('/complete', { collection }, signal);
  }

  /** Throws unless the index responds, can read its catalogue and accepts the secret. */
  async heartbeat(signal: AbortSignal): Promise<void> {
    await this.#call('/health', undefined, KeywordDoneSchema, signal);
  }

  /** Ends the connections, and cuts the calls under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #write(path: string, body: object, signal: AbortSignal): Promise<void> {
    this.#installation();
    await this.#call(path, body, KeywordDoneSchema, signal);
  }

  /** The header that lets the index refuse another installation. A read before the first confirmation goes without. */
  #own(): Record<string, string> {
    try {
      return { [INSTALLATION_HEADER]: this.#installation() };
    } catch (error) {
      if (error instanceof InstallationError) return {};
      throw error;
    }
  }

  async #call<S extends v.GenericSchema>(
    path: string,
    body: object | undefined,
    schema: S,
    signal: AbortSignal,
  ): Promise<v.InferOutput<S>> {
    signal.throwIfAborted();
    const timeout = AbortSignal.timeout(KEYWORDS_TIMEOUT_MS);
    try {
      const response = await request(this.#url + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(this.#secret !== undefined && { authorization: `Bearer ${this.#secret}` }),
          ...this.#own(),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.any([signal, timeout]),
        dispatcher: this.#agent,
      });
      if (response.statusCode !== 200) throw await refusal(response);
      const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), await response.body.text());
      if (!read.success) throw notAnIndex(new v.ValiError(read.issues));
      return read.output;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted) {
        const detail = `Keyword index timeout after ${KEYWORDS_TIMEOUT_MS / 1000}s`;
        throw new DependencyError('transient', 'keywords_timeout', detail, { cause: error });
      }
      throw explainFailure(error);
    }
  }
}

/** Splits writes into batches of at most {@link MAX_KEYWORD_BATCH} chunks and {@link MAX_BATCH_BYTES}. */
function* batches(writes: readonly KeywordWrite[]): Generator<KeywordWrite[]> {
  let batch: KeywordWrite[] = [];
  let count = 0;
  let bytes = 0;
  for (const { chunks, ...generation } of writes) {
    let own: KeywordWrite | undefined;
    for (const chunk of chunks) {
      const size = Buffer.byteLength(JSON.stringify(chunk));
      if (count > 0 && (count === MAX_KEYWORD_BATCH || bytes + size > MAX_BATCH_BYTES)) {
        yield batch;
        [batch, count, bytes, own] = [[], 0, 0, undefined];
      }
      if (!own) batch.push((own = { ...generation, chunks: [] }));
      own.chunks.push(chunk);
      count++;
      bytes += size;
    }
  }
  if (count > 0) yield batch;
}
