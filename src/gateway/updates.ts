import type { JobState } from '../jobs/to-job.ts';

/** A job that a client was told of. */
interface Known {
  /** The version that the client has; -1 when it has none. */
  sent: number;
  /** The state that is to be sent. */
  waiting: JobState | undefined;
}

/** What a client has of each job, and what it is still to be sent: of each run of a job the latest state, and no more. */
export class Updates {
  readonly #jobs = new Map<string, Known>();
  /** Those that were given a state to be sent, in their order; it may have been taken from them since. */
  #due: Known[] = [];

  /** How many wait; or a few more, some of which have been forgotten. */
  get size(): number {
    return this.#due.length;
  }

  /** How long the JSON of all is that wait. */
  get bytes(): number {
    return this.#due.reduce((sum, { waiting }) => sum + (waiting?.json.length ?? 0), 0);
  }

  /** Notes a state to be sent, unless the client has it or a newer one. @returns true when it replaces another */
  add(state: JobState): boolean {
    const known = this.#known(state.id);
    const { sent, waiting } = known;
    if (state.version <= (waiting?.version ?? sent)) return false;
    if (waiting?.terminal && !state.terminal) {
      // A run's end is always sent: it keeps its place, and what comes after it has another.
      const next = { sent, waiting: state };
      this.#jobs.set(state.id, next);
      this.#due.push(next);
      return false;
    }
    known.waiting = state;
    if (!waiting) this.#due.push(known);
    return waiting !== undefined;
  }

  /** Takes up to `most` states that are to be sent now. */
  take(most: number): JobState[] {
    const states: JobState[] = [];
    let taken = 0;
    for (const known of this.#due) {
      if (states.length === most) break;
      taken++;
      const { waiting } = known;
      if (!waiting) continue;
      // An end may have been passed on its way, or be wanted no more; any other state is its job's latest.
      const latest = waiting.terminal ? this.#jobs.get(waiting.id) : known;
      if (!latest || waiting.version <= latest.sent) continue;
      states.push(waiting);
      latest.sent = waiting.version;
      known.waiting = undefined;
    }
    if (taken === this.#due.length) this.#due = [];
    else this.#due.splice(0, taken);
    return states;
  }

  /** Notes that the client has a version: it is not sent again. */
  sent(jobId: string, version: number): void {
    const known = this.#known(jobId);
    known.sent = Math.max(known.sent, version);
  }

  /** Keeps back what waits of a job: it is sent in another way. */
  cancel(jobId: string): void {
    const known = this.#jobs.get(jobId);
    if (known) known.waiting = undefined;
  }

  forget(jobId: string): void {
    this.cancel(jobId);
    this.#jobs.delete(jobId);
  }

  forgetUnless(covered: (jobId: string) => boolean): void {
    for (const jobId of this.#jobs.keys()) if (!covered(jobId)) this.forget(jobId);
  }

  clear(): void {
    this.#jobs.clear();
    this.#due = [];
  }

  #known(jobId: string): Known {
    let known = this.#jobs.get(jobId);
    if (!known) this.#jobs.set(jobId, (known = { sent: -1, waiting: undefined }));
    return known;
  }
}
