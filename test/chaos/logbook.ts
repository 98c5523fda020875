import { isTerminal, type Job, type JobStatus } from '../../src/contract/job.ts';

/** One state of one job, as one watcher heard it. */
export interface Heard {
  /** Which watcher, and which of its connections. */
  watcher: string;
  connection: number;
  /** Versions compare within one epoch only. */
  epoch: string;
  at: number;
  status: JobStatus;
  version: number;
  run: number;
  stage: string | undefined;
}

/** Everything that all watchers have heard, job by job in the order it came, and what was done when. */
export class Logbook {
  readonly #startedAt = performance.now();
  readonly #byJob = new Map<string, Heard[]>();
  readonly #notes: string[] = [];
  readonly #listeners = new Set<(job: Job) => void>();

  /** Writes a state down. */
  hear(from: { watcher: string; connection: number; epoch: string }, job: Job): void {
    const { status, version, run, stage } = job;
    const heard: Heard = { ...from, at: this.#now(), status, version, run, stage };
    const known = this.#byJob.get(job.id);
    if (known) known.push(heard);
    else this.#byJob.set(job.id, [heard]);
    for (const listener of this.#listeners) listener(job);
  }

  /** Writes down what happened to the whole. */
  note(text: string): void {
    this.#notes.push(`${stamp(this.#now())} ${text}`);
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  jobIds(): string[] {
    return [...this.#byJob.keys()];
  }

  of(jobId: string): readonly Heard[] {
    return this.#byJob.get(jobId) ?? [];
  }

  /** @returns the next job that somebody hears to be in that state; nothing when the time is up */
  async untilHeard(matches: (job: Job) => boolean, withinMs: number): Promise<Job | undefined> {
    const { promise, resolve } = Promise.withResolvers<Job | undefined>();
    const listener = (job: Job) => void (matches(job) && resolve(job));
    const timer = setTimeout(() => resolve(undefined), withinMs);
    this.#listeners.add(listener);
    const heard = await promise;
    clearTimeout(timer);
    this.#listeners.delete(listener);
    return heard;
  }

  /** A job's transitions for people: each state once, with who heard it first, in the order it came. */
  describe(jobId: string): string[] {
    const lines = new Map<string, string>();
    for (const { watcher, epoch, at, status, version, run, stage } of this.of(jobId)) {
      const state = `${epoch} v${version} run ${run} ${status}${stage && !isTerminal(status) ? `/${stage}` : ''}`;
      if (!lines.has(state)) lines.set(state, `${stamp(at)} ${state} (${watcher})`);
    }
    return [...lines.values()];
  }

  #now(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }
}

function stamp(seconds: number): string {
  return `+${seconds.toFixed(3)}s`;
}
