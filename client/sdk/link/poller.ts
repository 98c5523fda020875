import type { Job } from '../../../src/contract/job.ts';
import { Backoff } from '../backoff.ts';
import { PACE_MS, type Pace } from './pace.ts';
import type { Requester } from '../requester.ts';
import { isPassing, SluiceError } from '../sluice-error.ts';
import type { Channel, Poll } from '../watch/channel.ts';
import type { Hub } from '../watch/hub.ts';

const LONGEST_PAUSE_MS = 15_000;
/** Longest read, in ms. A line that is silent for longer counts as down. */
const TIMEOUT_MS = 8000;
const MOST_TAGS = 200;
/** Jobs of one read. Their ids keep the address below the 8 KiB that proxies take. */
export const IDS_A_READ = 200;
const ID_BYTES_A_READ = 7500;

/** Pause in ms between two reads that only ask whether the server is there. */
const PROBE_PAUSE_MS = 5000;

/** Says what another way does not bring. */
export interface Coverage {
  /** True if no other way works, so that reads also show whether the server is there. */
  isNone(): boolean;
  /** Returns whether a better way wants the next request. */
  yields(): boolean;
  job(id: string): boolean;
  channel(channel: Channel): boolean;
}

/** A read of little cost. */
const PROBE: Poll = {
  path: 'api/settings',
  take: () => undefined,
  refuse: () => {},
};

export interface PollListener {
  onSuccess(): void;
  onFailure(error: SluiceError): void;
}

/** Reads what no push brings: one request at a time, for many jobs, and at most one in two seconds. */
export class Poller {
  readonly #hub: Hub;
  readonly #requester: Requester;
  readonly #coverage: Coverage;
  readonly #listener: PollListener;
  readonly #pace: Pace;
  readonly #backoff = new Backoff(PACE_MS, LONGEST_PAUSE_MS);
  /** Tags of the responses, so that an unchanged one is not sent again. */
  readonly #tags = new Map<string, string>();
  #taggedFor = 0;
  #round: Poll[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Time before which a failure forbids a read, time of the timer's read, and of the last probe, in ms since 1970. */
  #nextAt = 0;
  #readAt = 0;
  #probedAt = 0;
  #abort: AbortController | undefined;

  constructor(hub: Hub, requester: Requester, pace: Pace, coverage: Coverage, listener: PollListener) {
    this.#pace = pace;
    this.#hub = hub;
    this.#requester = requester;
    this.#coverage = coverage;
    this.#listener = listener;
  }

  /** Reads as soon as the pause allows, if anything is to be read. */
  wake(): void {
    if (this.#abort || this.#coverage.yields()) return;
    const [poll] = this.#round.length > 0 ? this.#round : this.#collect();
    if (!poll) return this.#clear();
    const earliest = Math.max(this.#nextAt, Date.now() + this.#pace.waitMs);
    const at = poll === PROBE ? Math.max(earliest, this.#probedAt + PROBE_PAUSE_MS) : earliest;
    if (this.#timer !== undefined && this.#readAt <= at) return;
    this.#clear();
    this.#readAt = at;
    this.#timer = setTimeout(() => void this.#read(), Math.max(0, at - Date.now()));
  }

  /** Forgets the pause after a failure, because the line may be back. */
  hurry(): void {
    if (this.#backoff.failures === 0) return;
    this.#backoff.reset();
    this.#nextAt = 0;
    this.wake();
  }

  stop(): void {
    this.#clear();
    this.#abort?.abort();
    this.#abort = undefined;
    this.#round = [];
    this.#tags.clear();
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    // Another way comes first, or has sent a request during the pause.
    if (this.#coverage.yields() || this.#pace.waitMs > 0) return this.wake();
    // Collects the reads now, because watches may have changed during the pause.
    const [poll, ...rest] = this.#round.length > 0 ? this.#round : this.#collect();
    if (!poll) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#pace.take();
    if (poll === PROBE) this.#probedAt = Date.now();
    try {
      const next = await this.#send(poll, abort.signal);
      this.#round = next ? [next, ...rest] : rest;
      this.#backoff.reset();
      this.#listener.onSuccess();
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#fail(poll, rest, toError(error));
    }
    if (this.#abort !== abort) return;
    this.#abort = undefined;
    this.wake();
  }

  #fail(poll: Poll, rest: Poll[], error: SluiceError): void {
    const { code, status = 500, message } = error;
    if (status < 500 && status !== 401 && !isPassing(error)) {
      // The server responds, and refuses this read only. For example, no upload has named the batch yet.
      if (status === 403) poll.refuse(code, message);
      this.#round = rest;
      return this.#listener.onSuccess();
    }
    // Begins a round anew, because a cursor may have expired.
    this.#round = [];
    this.#nextAt = Date.now() + Math.max(this.#backoff.next(), error.retryAfterMs ?? 0);
    this.#listener.onFailure(error);
  }

  async #send({ path, take }: Poll, signal: AbortSignal): Promise<Poll | undefined> {
    // A new watch needs a state that has not changed, too.
    if (this.#taggedFor !== this.#hub.wanted || this.#tags.size > MOST_TAGS) this.#tags.clear();
    this.#taggedFor = this.#hub.wanted;
    const tag = this.#tags.get(path);
    const { status, headers, text } = await this.#requester.send(path, {
      headers: tag === undefined ? {} : { 'if-none-match': tag },
      signal,
      timeoutMs: TIMEOUT_MS,
      tries: 1,
    });
    if (status === 304) return undefined;
    const sent = headers.get('etag');
    const next = take(JSON.parse(text) as unknown, epochOf(sent));
    if (sent !== null && !next) this.#tags.set(path, sent);
    return next;
  }

  /** Lists the reads of one round. */
  #collect(): Poll[] {
    const ids = this.#hub.openIds().filter((id) => !this.#coverage.job(id));
    const channels = [...this.#hub.channels].filter((channel) => !this.#coverage.channel(channel));
    const asked = [...new Set([...this.#hub.lookUps(), ...ids])];
    // The list of ids has commas between them.
    const { single = [], listed = [] } = Object.groupBy(asked, (id) =>
      id.includes(',') ? 'single' : 'listed',
    );
    const polls = [
      ...pages(listed).map((page) => this.#ofJobs(page)),
      ...single.map((id) => this.#ofJob(id)),
      ...channels.map((channel) => channel.poll()),
    ];
    return polls.length === 0 && this.#coverage.isNone() ? [PROBE] : polls;
  }

  #ofJobs(ids: readonly string[]): Poll {
    return {
      path: `api/jobs?ids=${ids.map((id) => encodeURIComponent(id)).join(',')}`,
      take: (body, epoch) => {
        this.#hub.applyRead(ids, (body as { jobs: Job[] }).jobs, epoch);
        return undefined;
      },
      refuse: (code, detail) => this.#hub.refuse(ids, code, detail),
    };
  }

  #ofJob(id: string): Poll {
    return {
      path: `api/jobs/${encodeURIComponent(id)}`,
      take: (body, epoch) => {
        this.#hub.applyRead([id], [body as Job], epoch);
        return undefined;
      },
      refuse: (code, detail) => this.#hub.refuse([id], code, detail),
    };
  }
}

function toError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError('bad_response', 'The server sent a response that is no JSON.', { cause: error });
}

/** Divides ids into reads. */
function pages(ids: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = Infinity;
  for (const id of ids) {
    const size = encodeURIComponent(id).length + 1;
    if (bytes + size > ID_BYTES_A_READ || (all.at(-1)?.length ?? 0) >= IDS_A_READ) {
      all.push([]);
      bytes = 0;
    }
    (all.at(-1) as string[]).push(id);
    bytes += size;
  }
  return all;
}

/** Returns the epoch of a tag, which is `"epoch-version"`. A proxy that compresses marks it as weak. */
export function epochOf(tag: string | null): string {
  return /^(?:W\/)?"(.*)-[^-"]*"$/.exec(tag ?? '')?.[1] ?? '';
}
