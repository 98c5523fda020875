import { setTimeout as sleep } from 'node:timers/promises';

import type { UploadAccepted } from '../../src/contract/upload.ts';
import type { Topology } from './harness.ts';
import type { Logbook } from './logbook.ts';
import { COLLECTIONS } from './plan.ts';
import type { Random } from './random.ts';

/** Timeout of a request, in ms. A server that a fault holds never responds. */
const TIMEOUT_MS = 8000;
/** Pause between two requests, in ms. Each makes uploads of its collection wait for ten seconds or more. */
const PAUSE_MS = { min: 3000, max: 15_000 };
/** Share of the jobs that the class cancels, at a random moment. */
const CANCELLED = 0.3;

/** Queues reembed jobs while documents come in and everything fails, and cancels some. */
export class Reembedder {
  readonly #topology: Topology;
  readonly #logbook: Logbook;
  readonly #random: Random;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  /** @param most number of reembed jobs at most */
  constructor(topology: Topology, logbook: Logbook, random: Random, most: number) {
    this.#topology = topology;
    this.#logbook = logbook;
    this.#random = random;
    this.#running = this.#run(most);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(most: number): Promise<void> {
    const { signal } = this.#closing;
    for (let made = 0; made < most; made++) {
      const { min, max } = PAUSE_MS;
      await sleep(this.#random.int(min, max), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const collection = this.#random.pick(COLLECTIONS);
      const id = (await this.#post(`/api/collections/${collection}/reembed`))?.job_id;
      this.#logbook.note(`reembed ${collection}: ${id ?? 'no response'}`);
      if (id === undefined || !this.#random.chance(CANCELLED)) continue;
      await sleep(this.#random.int(0, 1500));
      await this.#post(`/api/jobs/${id}/cancel`);
      this.#logbook.note(`cancel of the reembed ${id}`);
    }
  }

  /** @returns `undefined` if no server accepted it */
  async #post(path: string): Promise<Partial<UploadAccepted> | undefined> {
    try {
      const response = await fetch(this.#random.pick(this.#topology.apiUrls) + path, {
        method: 'POST',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return response.ok ? ((await response.json()) as Partial<UploadAccepted>) : undefined;
    } catch {
      return undefined;
    }
  }
}
