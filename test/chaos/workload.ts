import { setTimeout as sleep } from 'node:timers/promises';

import { outcomeOf, type Job } from '../../src/contract/job.ts';
import type { UploadAccepted } from '../../src/contract/upload.ts';
import type { Topology } from './harness.ts';
import type { Logbook } from './logbook.ts';
import type { Random } from './random.ts';

const COLLECTIONS = ['atlas', 'ledger', 'herbarium'];
const WORDS =
  'river stone lantern harbor violin meadow copper winter orchard signal paper garden bridge thunder needle'.split(
    ' ',
  );
const UPLOADERS = 3;
const REQUEST_TIMEOUT_MS = 8000;
const RETRY_MS = 250;
/** An upload is sent again for so long, as a client with an idempotency key would. */
const GENEROUS_MS = 60_000;

/** What became of a cancel or a retry. */
export interface ControlResponse {
  /** 0 when it was never answered. */
  status: number;
  /** The response shows the job cancelled, or in a later run; a retry of a job that still runs changes nothing. */
  worked: boolean;
}

/** An upload that was answered with 202, and what was asked for it since. */
export interface Accepted {
  id: string;
  filename: string;
  collection: string;
  cancels: ControlResponse[];
  retries: ControlResponse[];
}

/** Uploads documents over HTTP without pause, cancels some and runs some again. */
export class Workload {
  readonly accepted: Accepted[] = [];
  /** Requests whose answer never came: what they left behind nobody was told. */
  lostResponses = 0;
  /** Requests that were turned away: nothing of them may be left. */
  refused = 0;
  readonly #topology: Topology;
  readonly #onAccepted: (jobId: string, random: Random) => void;
  readonly #logbook: Logbook;
  readonly #random: Random;
  readonly #meddling: Promise<void>[] = [];
  readonly #markers = new Map<string, string | undefined>();
  #canMeddle = false;
  #next = 0;

  constructor(
    topology: Topology,
    logbook: Logbook,
    random: Random,
    onAccepted: (jobId: string, random: Random) => void,
  ) {
    this.#topology = topology;
    this.#onAccepted = onAccepted;
    this.#logbook = logbook;
    this.#random = random;
  }

  /** Uploads `jobs` more documents, spread over `durationMs`. */
  async run(jobs: number, durationMs: number): Promise<void> {
    const probe = await fetch(`${this.#topology.apiUrls[0]}/api/jobs/nobody/cancel`, { method: 'POST' });
    // Where the calls are not there, the path itself is what nobody knows.
    this.#canMeddle = (await probe.text()).includes('job_not_found');
    if (!this.#canMeddle) this.#logbook.note('cancel and retry are not there: left out');

    const pauseMs = (durationMs * UPLOADERS) / jobs;
    const end = this.#next + jobs;
    const uploader = async () => {
      while (this.#next < end) {
        const index = this.#next++;
        const startedAt = performance.now();
        await this.#uploadOne(index);
        const pause = pauseMs * (0.5 + this.#random.next()) - (performance.now() - startedAt);
        if (pause > 0) await sleep(pause);
      }
    };
    await Promise.all(Array.from({ length: UPLOADERS }, uploader));
    await Promise.all(this.#meddling);
  }

  /** What a document's first chunk holds; nothing for a document without text, which has to fail. */
  markerOf(filename: string): string | undefined {
    return this.#markers.get(filename);
  }

  async #uploadOne(index: number): Promise<void> {
    // By its number, so that what a document is does not depend on who was faster.
    const random = this.#random.fork(`document-${index}`);
    const filename = `chaos-${index}.md`;
    const collection = random.pick(COLLECTIONS);
    const marker = random.chance(0.03) ? undefined : `Marker ${index} ${random.int(1e8, 1e9 - 1)}`;
    const text = marker === undefined ? '\n \n' : `# ${marker}\n\n${prose(random)}\n`;
    this.#markers.set(filename, marker);
    const key = `chaos-${index}-${random.int(1e8, 1e9 - 1)}`;
    for (const deadline = performance.now() + GENEROUS_MS; performance.now() < deadline;) {
      const form = new FormData();
      form.append('collection', collection);
      form.append('chunk_size', '160');
      form.append('chunk_overlap', '20');
      form.append('file', new Blob([text], { type: 'text/markdown' }), filename);
      const response = await this.#post('/api/documents/upload', form, { 'idempotency-key': key });
      if (response?.status === 202) {
        const { job_id: id } = (await response.json()) as UploadAccepted;
        const accepted: Accepted = { id, filename, collection, cancels: [], retries: [] };
        this.accepted.push(accepted);
        this.#onAccepted(id, random);
        if (this.#canMeddle && random.chance(0.15)) this.#meddling.push(this.#meddle(accepted, random));
        return;
      }
      if (response) this.refused++;
      else this.lostResponses++;
      await sleep(RETRY_MS);
    }
    this.#logbook.note(`${filename} was never accepted`);
  }

  /** Cancels a job at some moment of its life; then, now and then, runs it again. */
  async #meddle(accepted: Accepted, random: Random): Promise<void> {
    await sleep(random.int(0, 900));
    const ask = async (what: 'cancel' | 'retry') => {
      const response = await this.#post(`/api/jobs/${accepted.id}/${what}`);
      const { status = 0 } = response ?? {};
      const job = response?.ok ? ((await response.json()) as Job) : undefined;
      const worked = job !== undefined && (what === 'cancel' ? outcomeOf(job) === 'cancelled' : job.run > 1);
      accepted[what === 'cancel' ? 'cancels' : 'retries'].push({ status, worked });
      this.#logbook.note(`${what} ${accepted.id}: ${status || 'no answer'} ${job?.status ?? ''}`);
    };
    await ask('cancel');
    if (!random.chance(0.5)) return;
    await sleep(random.int(0, 500));
    await ask('retry');
  }

  /** @returns `undefined` when no whole response came */
  async #post(
    path: string,
    body?: FormData,
    headers: Record<string, string> = {},
  ): Promise<Response | undefined> {
    try {
      const response = await fetch(this.#random.pick(this.#topology.apiUrls) + path, {
        method: 'POST',
        headers,
        ...(body && { body }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const { status } = response;
      return new Response(await response.arrayBuffer(), { status });
    } catch {
      return undefined;
    }
  }
}

function prose(random: Random): string {
  const sentence = () => {
    const words = Array.from({ length: random.int(6, 14) }, () => random.pick(WORDS)).join(' ');
    return `${words[0]!.toUpperCase()}${words.slice(1)}.`;
  };
  return Array.from({ length: random.int(3, 40) }, sentence).join(' ');
}
