import type { UploadAccepted } from '../../../src/contract/upload.ts';
import type { JobWatch, Upload, UploadOptions, UploadState } from '../api.ts';
import { Backoff } from '../backoff.ts';
import { onSignal } from '../environment.ts';
import { authorization } from '../requester.ts';
import { sleep } from '../sleep.ts';
import { isLineDown, isPassing, SluiceError, toSluiceError } from '../sluice-error.ts';
import { JobFollower } from '../watch/job-follower.ts';
import { callBack } from '../watch/stream.ts';
import { sendFile } from './send-file.ts';
import type { UploadServices } from './upload-services.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Most tries that the server refuses for now. A line that is down costs none. */
const MOST_REFUSALS = 10;

/** Names of the options that are form fields. The collection comes first, so that a refusal saves the file. */
const FIELDS = [
  'collection',
  'batch',
  'chunking_strategy',
  'chunk_size',
  'chunk_overlap',
  'include_hidden',
  'metadata',
  'on_duplicate',
  'priority',
] as const;

/** Brings one file to the server, in as many tries as it takes. */
export class FileUpload implements Upload {
  readonly name: string;
  readonly size: number;
  readonly accepted: Promise<UploadAccepted>;
  state: UploadState = 'waiting';
  sent = 0;
  problem: SluiceError | undefined;
  readonly #blob: Blob;
  readonly #options: UploadOptions;
  readonly #services: UploadServices;
  readonly #fields: (readonly [string, string])[];
  readonly #abort = new AbortController();
  #job: JobWatch | undefined;

  constructor(name: string, blob: Blob, options: UploadOptions, services: UploadServices) {
    this.name = name;
    this.size = blob.size;
    this.#blob = blob;
    this.#options = options;
    this.#services = services;
    this.#fields = FIELDS.flatMap((field) => {
      const value = options[field];
      if (value === undefined) return [];
      return [[field, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const];
    });
    this.accepted = this.#bring();
    // The caller may follow only the job.
    this.accepted.catch(() => {});
  }

  get job(): JobWatch {
    this.#job ??= new JobFollower(
      this.#services.hub,
      this.accepted.then(({ job_id }) => job_id),
    );
    return this.#job;
  }

  abort(): void {
    this.#abort.abort(new SluiceError('aborted', 'The upload was aborted.'));
  }

  /** Waits for its turn, and sends the file until the server accepts or refuses it. */
  async #bring(): Promise<UploadAccepted> {
    const { slots, idempotency } = this.#services;
    const { signal, clear } = this.#limit();
    let key: string | undefined;
    try {
      // Lets the caller have the object before the first change.
      await Promise.resolve();
      await slots.take(signal);
      try {
        let accepted: UploadAccepted | undefined;
        while (!accepted) {
          key = idempotency.take(this.#fingerprint());
          accepted = await this.#tryUntilAccepted(key, signal);
          idempotency.forget(key);
        }
        this.sent = this.size;
        this.#change('accepted', undefined);
        return accepted;
      } finally {
        slots.release();
      }
    } catch (cause) {
      const error =
        cause instanceof SluiceError ? cause : new SluiceError('failed', String(cause), { cause });
      // A try that the server has not refused may have succeeded.
      if (key !== undefined) idempotency[isRefusal(error) ? 'forget' : 'release'](key);
      this.#change('failed', error);
      throw error;
    } finally {
      clear();
    }
  }

  /** @returns `undefined` if the key is that of another file with the same name, size and time */
  async #tryUntilAccepted(key: string, signal: AbortSignal): Promise<UploadAccepted | undefined> {
    const backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    for (let refusals = 0; ;) {
      try {
        this.sent = 0;
        this.#change('sending', undefined);
        return await this.#try(key, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof SluiceError && error.code === 'idempotency_key_reused') return undefined;
        if (!isPassing(error)) throw error;
        const isDown = isLineDown(error);
        if (!isDown && ++refusals >= MOST_REFUSALS) throw error;
        this.#change('pausing', error);
        const ms = (error.retryAfterMs ?? 0) + backoff.next();
        // A line that is back ends the pause. A server that refuses has named the time.
        await sleep(ms, signal, isDown ? (wake) => this.#wakeOnLine(wake) : undefined);
      }
    }
  }

  async #try(key: string, signal: AbortSignal): Promise<UploadAccepted> {
    const { requester, keys } = this.#services;
    const used = await keys.current();
    const request = {
      url: new URL('api/documents/upload', requester.base),
      headers: { 'idempotency-key': key, ...authorization(used) },
      fields: this.#fields,
      name: this.name,
      blob: this.#blob,
    };
    const note = (bytes: number) => {
      this.sent = bytes;
      callBack(this.#options.onProgress, this);
    };
    const { status, text, retryAfter } = await sendFile(request, note, signal);
    if (status === 202) return JSON.parse(text) as UploadAccepted;
    const error = toSluiceError(status, text, retryAfter);
    if (status !== 401) throw error;
    await keys.replace(used, error);
    return this.#try(key, signal);
  }

  /** Joins what may end the upload: the caller, and the time. */
  #limit(): { signal: AbortSignal; clear: () => void } {
    const { signal, timeoutMs } = this.#options;
    const abort = () => this.abort();
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            const last = this.problem ? ` The last try: ${this.problem.message}` : '';
            const words = `The upload was not accepted within ${timeoutMs} ms.${last}`;
            this.#abort.abort(new SluiceError('timeout', words, { cause: this.problem }));
          }, timeoutMs);
    return {
      signal: this.#abort.signal,
      clear: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      },
    };
  }

  #wakeOnLine(wake: () => void): void {
    const ends = [this.#services.line.onUp(wakeOnce), onSignal(wakeOnce)];
    function wakeOnce() {
      for (const end of ends) end();
      wake();
    }
  }

  /** Names the file and its settings. A blob without a time could be another one of the same size. */
  #fingerprint(): string | undefined {
    const { lastModified } = this.#blob as Partial<File>;
    if (lastModified === undefined) return undefined;
    return JSON.stringify([this.#services.requester.base, this.name, this.size, lastModified, this.#fields]);
  }

  #change(state: UploadState, problem: SluiceError | undefined): void {
    this.state = state;
    this.problem = problem;
    callBack(this.#options.onProgress, this);
  }
}

/** Returns whether the server has refused the upload for good, so that nothing is stored under its key. */
function isRefusal({ status = 500 }: SluiceError): boolean {
  return status < 500 && status !== 401;
}
