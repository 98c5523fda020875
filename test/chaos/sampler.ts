import { setTimeout as sleep } from 'node:timers/promises';

import type { Document } from '../../src/contract/documents.ts';
import type { SearchResponse } from '../../src/contract/search.ts';
import type { Topology } from './harness.ts';
import type { Accepted, Workload } from './workload.ts';
import type { Random } from './random.ts';

const PAUSE_MS = 100;
const TIMEOUT_MS = 5000;
/** Each finds the chunks of a name: by the words that only one version has, by meaning, or by both. */
const MODES = ['hybrid', 'vector', 'keyword'] as const;
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
  /** Keyword searches that had to find exactly one version. */
  provenByWords = 0;
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

  async #sample({ id, upload }: Accepted): Promise<void> {
    const { filename, collection } = upload;
    const { losses, era } = this.#topology;
    const mode = this.#random.pick(MODES);
    const deleted = new Set(
      [...this.#workload.deletes].flatMap(([one, { worked }]) => (worked ? [one] : [])),
    );
    const before = await this.#document(id);
    // The live version, or that of the upload, which may be replaced.
    const hash = this.#random.pick([before?.content_hash ?? upload.contentHash, upload.contentHash]);
    const marker = this.#workload.plan.markerOf(hash) ?? filename;
    const body = { collection, where: { filename }, limit: LIMIT, mode, allow_degraded: mode === 'hybrid' };
    const query = mode === 'keyword' ? lastWord(marker) : filename;
    const found = await this.#ask<SearchResponse>('/api/search', { ...body, query });
    if (!found) return;
    this.searches++;
    const bad = (documentId: string, detail: string) =>
      this.bad.push({ documentId, detail: `${new Date().toISOString()} ${mode}: ${detail}` });
    const contents = Map.groupBy(found.results, ({ document_id }) => document_id);
    for (const [documentId, chunks] of contents) {
      const firsts = new Set(chunks.filter(({ chunk_index }) => chunk_index === 0).map(({ text }) => text));
      if (firsts.size > 1) bad(documentId, `both: ${[...firsts].join(' | ')}`);
      const other = chunks.find(({ heading, text }) => !(heading ?? text).includes(marker));
      if (mode === 'keyword' && other) bad(documentId, `${marker} is asked for: ${other.text}`);
      // Redis may forget a deletion when it goes back, until a worker repeats it.
      if (deleted.has(documentId) && this.#topology.era === 0) bad(documentId, 'it was deleted before');
    }
    const after = await this.#document(id);
    if (!before || !after || era !== this.#topology.era) return;
    const chunks = contents.get(id) ?? [];
    const isSame = before.updated_at === after.updated_at && before.content_hash === after.content_hash;
    const live = this.#workload.plan.markerOf(before.content_hash ?? '') ?? '';
    const first = chunks.find(({ chunk_index }) => chunk_index === 0);
    if (isSame && first && !first.text.includes(live)) bad(id, `${live} is live: ${first.text}`);
    if (isSame && mode === 'keyword' && marker !== live && chunks.length > 0) bad(id, 'a replaced version');
    // After a store lost data, documents may be missing for a while.
    if (losses > 0 || this.#topology.losses > 0 || found.degraded || found.rebuilding) return;
    // A passage appears once, of whichever copy.
    const passages = found.results.filter(({ heading, text }) => (heading ?? text).includes(live)).length;
    if (mode === 'keyword') {
      if (!isSame || marker !== live) return;
      this.provenByWords++;
      if (passages !== before.chunk_count)
        bad(id, `${passages} of ${before.chunk_count} chunks of ${marker}`);
      return;
    }
    this.provenLive++;
    if (isSame && passages !== before.chunk_count)
      bad(id, `${passages} of ${before.chunk_count} chunks of ${live}`);
    if (found.results.length === 0) bad(id, 'neither version');
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

/** Returns the number in a marker, which no other version has. */
function lastWord(marker: string): string {
  return marker.split(' ').at(-1) ?? marker;
}
