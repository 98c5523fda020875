import type { Upload, UploadOptions } from '../sdk/api.ts';
import type { Sluice, SluiceError } from '../sdk/sluice.ts';
import { sayProblem } from '../app/toasts.tsx';
import { Store } from '../state/store.ts';
import { Speed } from '../state/use-speed.ts';
import { DEFAULTS, type UploadSettings } from './settings.ts';

/** Shortest time between two renderings, in ms, because a browser reports bytes very often. */
const PAUSE_MS = 200;
/** Time in ms in which the job of an accepted file comes to the followed list. */
const ARRIVAL_MS = 10_000;

/** A file on its way to the server. `pausing`: until the next try. `paused`: by the user. */
export interface Sending {
  readonly key: number;
  readonly file: File;
  readonly options: UploadOptions;
  state: 'waiting' | 'sending' | 'pausing' | 'paused' | 'refused' | 'accepted';
  /** Bytes that this try has sent. */
  sent: number;
  /** Bytes per second. */
  speed: number | undefined;
  problem: SluiceError | undefined;
  /** Id of its job, once the server has accepted it. */
  jobId: string | undefined;
}

interface Entry extends Sending {
  upload: Upload | undefined;
  measured: Speed;
  /** Time when the server accepted it, in ms since 1970. */
  acceptedAt: number;
}

/** Sends the files of this page. An accepted file leaves it once the list of the server has its job. */
export class UploadQueue {
  readonly items = new Store<readonly Sending[]>([]);
  /** Settings of the next files. They outlive the view, as the queue does. */
  readonly settings = new Store<UploadSettings>(DEFAULTS);
  readonly #sluice: Sluice;
  readonly #entries = new Map<number, Entry>();
  #made = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sluice: Sluice) {
    this.#sluice = sluice;
    window.addEventListener('beforeunload', (event) => {
      // Leaving the page would lose unsent files.
      if ([...this.#entries.values()].some(isUnsent)) event.preventDefault();
    });
  }

  add(files: readonly File[], options: UploadOptions): void {
    for (const file of files) {
      const entry: Entry = {
        key: ++this.#made,
        file,
        options,
        state: 'waiting',
        sent: 0,
        speed: undefined,
        problem: undefined,
        jobId: undefined,
        upload: undefined,
        measured: new Speed(),
        acceptedAt: 0,
      };
      this.#entries.set(entry.key, entry);
      this.#send(entry);
    }
    this.#show();
  }

  /** Stops sending a file until {@link resume}. The next try keeps its idempotency key, so it is stored once. */
  pause(key: number): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.state === 'refused' || !isUnsent(entry)) return;
    entry.state = 'paused';
    entry.speed = undefined;
    entry.upload?.abort();
    entry.upload = undefined;
    this.#show();
  }

  /** Sends a paused or refused file again. */
  resume(key: number): void {
    const entry = this.#entries.get(key);
    if (entry?.state !== 'paused' && entry?.state !== 'refused') return;
    entry.state = 'waiting';
    this.#send(entry);
    this.#show();
  }

  /** Cancels an unsent file, or removes a refused one. */
  cancel(key: number): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    const { upload, file, state } = entry;
    // With the last byte sent, the server may have stored it. Then its job is cancelled.
    if (upload && state === 'sending' && entry.sent >= file.size)
      upload.accepted.then(({ job_id: id }) => this.#sluice.cancel(id)).catch(sayProblem);
    else upload?.abort();
    this.#show();
  }

  pauseAll(): void {
    for (const key of this.#entries.keys()) this.pause(key);
  }

  resumeAll(): void {
    for (const [key, { state }] of this.#entries) if (state === 'paused') this.resume(key);
  }

  cancelAll(): void {
    for (const [key, entry] of this.#entries) if (isUnsent(entry)) this.cancel(key);
  }

  /** Drops accepted files whose job the server's list shows. A list that is complete may show later ends instead. */
  settle(isListed: (jobId: string) => boolean, isComplete: boolean): void {
    const settled = [...this.#entries.values()].filter(
      ({ jobId, acceptedAt }) =>
        jobId !== undefined && (isListed(jobId) || (isComplete && Date.now() - acceptedAt > ARRIVAL_MS)),
    );
    for (const { key } of settled) this.#entries.delete(key);
    if (settled.length > 0) this.#show();
  }

  #send(entry: Entry): void {
    const { file, options } = entry;
    entry.problem = undefined;
    entry.measured = new Speed();
    const upload = this.#sluice.upload(file, {
      ...options,
      onProgress: ({ state, sent, problem }) => {
        if (entry.upload !== upload) return;
        if (state !== 'accepted' && state !== 'failed') entry.state = state;
        entry.sent = sent;
        entry.problem = problem;
        entry.speed = state === 'sending' ? entry.measured.at(sent, Date.now()) : undefined;
        this.#change();
      },
    });
    entry.upload = upload;
    upload.accepted.then(
      ({ job_id: id }) => {
        // The user paused or cancelled it after the server had stored it. The list of the server has its job.
        if (entry.upload !== upload) this.#entries.delete(entry.key);
        entry.state = 'accepted';
        entry.jobId = id;
        entry.acceptedAt = Date.now();
        this.#show();
      },
      (problem: SluiceError) => {
        if (entry.upload !== upload) return;
        entry.state = 'refused';
        entry.problem = problem;
        this.#show();
      },
    );
  }

  #change(): void {
    this.#timer ??= setTimeout(() => this.#show(), PAUSE_MS);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.items.set([...this.#entries.values()].map((entry) => ({ ...entry })));
  }
}

/** Returns whether a file would be lost if the page were closed. */
export function isUnsent({ state }: Sending): boolean {
  return state !== 'accepted' && state !== 'refused';
}
