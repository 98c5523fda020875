import { setTimeout as sleep } from 'node:timers/promises';

import { outcomeOf, type Job } from '../../src/contract/job.ts';
import type { UploadAccepted } from '../../src/contract/upload.ts';
import type { Topology } from './harness.ts';
import type { Logbook } from './logbook.ts';
import { Plan, type PlannedUpload } from './plan.ts';
import type { Random } from './random.ts';

const UPLOADERS = 3;
const REQUEST_TIMEOUT_MS = 8000;
const RETRY_MS = 250;
/** An upload is sent again for so long, as a client with an idempotency key would. */
const GENEROUS_MS = 60_000;
/** Shares of accepted uploads whose job a client cancels, and whose document it deletes or edits. */
const CANCELLED = 0.15;
const DELETED = 0.1;
const EDITED = 0.1;

/** The response to a cancel, a retry, a delete or an edit. */
export interface ControlResponse {
  /** 0 without a response. */
  status: number;
  /**
   * True if the response shows the job cancelled or in a later run, or the document deleted or edited. A retry of a job that
   * still runs changes nothing.
   */
  worked: boolean;
}

/** An upload acknowledged with 202, and the later requests for its job. */
export interface Accepted {
  id: string;
  upload: PlannedUpload;
  /** Times of its first request and of the acknowledgement (ms, by `performance.now`). */
  began: number;
  responded: number;
  cancels: ControlResponse[];
  retries: ControlResponse[];
}

/** Uploads documents over HTTP without pause, cancels some, reruns some, and deletes some documents. */
export class Workload {
  readonly plan: Plan;
  readonly accepted: Accepted[] = [];
  /** Deletes of documents, by the document's id. */
  readonly deletes = new Map<string, ControlResponse>();
  /** Edits of documents, by the document's id. Each sets `edited` in the metadata to the number of its upload. */
  readonly edits = new Map<string, ControlResponse & { edited: number }>();
  /** Requests whose answer never came: what they left behind nobody was told. */
  lostResponses = 0;
  /** Requests that were turned away: nothing of them may be left. */
  refused = 0;
  readonly #topology: Topology;
  readonly #onAccepted: (jobId: string, random: Random) => void;
  readonly #logbook: Logbook;
  readonly #random: Random;
  readonly #meddling: Promise<void>[] = [];
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
    this.plan = new Plan(random);
  }

  /** Uploads `jobs` more documents, spread over `durationMs`. */
  async run(jobs: number, durationMs: number): Promise<void> {
    const pauseMs = (durationMs * UPLOADERS) / jobs;
    const end = this.#next + jobs;
    const uploader = async () => {
      while (this.#next < end) {
        const upload = this.plan.upload(this.#next++);
        const startedAt = performance.now();
        await this.#upload(upload);
        const pause = pauseMs * (0.5 + this.#random.next()) - (performance.now() - startedAt);
        if (pause > 0) await sleep(pause);
      }
    };
    await Promise.all(Array.from({ length: UPLOADERS }, uploader));
    await Promise.all(this.#meddling);
  }

  async #upload(upload: PlannedUpload): Promise<void> {
    const { filename, collection, onDuplicate, text, key, random } = upload;
    const began = performance.now();
    for (const deadline = began + GENEROUS_MS; performance.now() < deadline;) {
      const form = new FormData();
      form.append('collection', collection);
      form.append('chunk_size', '160');
      form.append('chunk_overlap', '20');
      form.append('on_duplicate', onDuplicate);
      form.append('file', new Blob([text], { type: 'text/markdown' }), filename);
      const response = await this.#send('POST', '/api/documents/upload', form, { 'idempotency-key': key });
      if (response?.status === 202) {
        const { job_id: id } = (await response.json()) as UploadAccepted;
        const responded = performance.now();
        const accepted: Accepted = { id, upload, began, responded, cancels: [], retries: [] };
        this.accepted.push(accepted);
        this.#onAccepted(id, random);
        const kind = random.next();
        if (kind < CANCELLED) this.#meddling.push(this.#cancel(accepted));
        else if (kind < CANCELLED + DELETED) this.#meddling.push(this.#delete(accepted));
        else if (kind < CANCELLED + DELETED + EDITED) this.#meddling.push(this.#edit(accepted));
        return;
      }
      if (response) this.refused++;
      else this.lostResponses++;
      await sleep(RETRY_MS);
    }
    this.#logbook.note(`${filename} was never accepted`);
  }

  /** Cancels a job at some moment of its life; then, now and then, runs it again. */
  async #cancel(accepted: Accepted): Promise<void> {
    const { random } = accepted.upload;
    await sleep(random.int(0, 900));
    const ask = async (what: 'cancel' | 'retry') => {
      const response = await this.#send('POST', `/api/jobs/${accepted.id}/${what}`);
      const { status = 0 } = response ?? {};
      const job = response?.ok ? ((await response.json()) as Job) : undefined;
      const worked = job !== undefined && (what === 'cancel' ? outcomeOf(job) === 'cancelled' : job.run > 1);
      accepted[what === 'cancel' ? 'cancels' : 'retries'].push({ status, worked });
      this.#logbook.note(`${what} ${accepted.id}: ${status || 'no response'} ${job?.status ?? ''}`);
    };
    await ask('cancel');
    if (!random.chance(0.5)) return;
    await sleep(random.int(0, 500));
    await ask('retry');
  }

  /** Deletes the document of a job while the job waits or runs, or later. */
  async #delete({ id, upload: { random } }: Accepted): Promise<void> {
    await sleep(random.int(0, 2500));
    const job = await this.#send('GET', `/api/jobs/${id}`);
    const found = job?.ok ? ((await job.json()) as Job) : undefined;
    const document = found?.result?.document_id ?? id;
    const response = await this.#send('DELETE', `/api/documents/${document}`);
    const { status = 0, ok = false } = response ?? {};
    // Another delete of the same document may have come first.
    if (!this.deletes.get(document)?.worked) this.deletes.set(document, { status, worked: ok });
    this.#logbook.note(`delete ${document}: ${status || 'no response'}`);
  }

  /** Edits the metadata of a job's document, once there is one. */
  async #edit({ id, upload: { index, random } }: Accepted): Promise<void> {
    await sleep(random.int(500, 4000));
    const body = JSON.stringify({ metadata: { edited: index } });
    const json = { 'content-type': 'application/json' };
    const response = await this.#send('PATCH', `/api/documents/${id}`, body, json);
    const { status = 0, ok = false } = response ?? {};
    this.edits.set(id, { status, worked: ok, edited: index });
    this.#logbook.note(`edit ${id}: ${status || 'no response'}`);
  }

  /** @returns `undefined` when no whole response came */
  async #send(
    method: string,
    path: string,
    body?: FormData | string,
    headers: Record<string, string> = {},
  ): Promise<Response | undefined> {
    try {
      const response = await fetch(this.#random.pick(this.#topology.apiUrls) + path, {
        method,
        headers,
        ...(body && { body }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const { status } = response;
      const bytes = await response.arrayBuffer();
      return new Response(bytes.byteLength > 0 ? bytes : null, { status });
    } catch {
      return undefined;
    }
  }
}
