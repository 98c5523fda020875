import { setTimeout as sleep } from 'node:timers/promises';

import type { Document } from '../../src/contract/documents.ts';
import type { SearchResponse } from '../../src/contract/search.ts';
import type { Topology } from './harness.ts';
import type { Accepted, Workload } from './workload.ts';
import type { Random } from './random.ts';

const PAUSE_MS = 100;
const TIMEOUT_MS = 5000;
/** More than the chunks of all versions of one name. */
const LIMIT = 1000;

/** A wrong result of a search. */
export interface BadSample {
  documentId: string;
  detail: string;
}

/** Searches names whose documents change meanwhile, and keeps wrong results. */
export class Sampler {
  readonly bad: BadSample[] = [];
  /** Searches with a response. */
  searches = 0;
  /** Searches that had to find a document, because it was live all the time. */
  provenLive = 0;
  readonly #topology: Topology;
  readonly #workload: Workload;
  readonly #random: Random;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(topology: Topology, workload: Workload, random: Random) {
    this.#topology = topology;
    this.#workload = workload;
    this.#random = random;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
      // Prefers names with several uploads.
      const shared = this.#workload.accepted.filter(({ upload }, i, all) =>
        all.some((other, j) => i !== j && other.upload.filename === upload.filename),
      );
      const from = shared.length > 0 ? shared : this.#workload.accepted;
      if (from.length > 0) await this.#sample(this.#random.pick(from));
    }
  }

  async #sample({ id, upload: { filename, collection } }: Accepted): Promise<void> {
    const { losses } = this.#topology;
    const before = await this.#document(id);
    const body = { collection, query: filename, where: { filename }, limit: LIMIT };
    const found = await this.#ask<SearchResponse>('/api/search', body);
    if (!found) return;
    this.searches++;
    const contents = Map.groupBy(found.results, ({ document_id }) => document_id);
    for (const [documentId, chunks] of contents) {
      const firsts = new Set(chunks.filter(({ chunk_index }) => chunk_index === 0).map(({ text }) => text));
      if (firsts.size > 1) this.bad.push({ documentId, detail: `both: ${[...firsts].join(' | ')}` });
    }
    const after = await this.#document(id);
    // After a store lost data, documents may be missing for a while.
    if (!before || !after || losses > 0 || this.#topology.losses > 0) return;
    this.provenLive++;
    const counts = new Set([before.chunk_count, after.chunk_count]);
    const count = contents.get(id)?.length ?? 0;
    if (!counts.has(count) && before.updated_at === after.updated_at)
      this.bad.push({ documentId: id, detail: `${count} of ${before.chunk_count} chunks` });
    if (count === 0) this.bad.push({ documentId: id, detail: 'neither version' });
  }

  async #document(id: string): Promise<Document | undefined> {
    return this.#ask<Document>(`/api/documents/${id}`);
  }

  /** @returns the body; `undefined` if a server is down, or the document does not exist */
  async #ask<T>(path: string, body?: object): Promise<T | undefined> {
    try {
      const response = await fetch(this.#random.pick(this.#topology.apiUrls) + path, {
        ...(body && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return response.ok ? ((await response.json()) as T) : undefined;
    } catch {
      return undefined;
    }
  }
}
