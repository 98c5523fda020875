import type { JobState } from '../../jobs/model/job-view.ts';
import { SmallMap } from '../small-map.ts';

/** A job that a client was told of. */
interface Known {
  /** The version that the client has; -1 when it has none. */
  sent: number;
  /** The state that is to be sent. */
  waiting: JobState | undefined;
}

/** What a state takes beside its JSON, while it waits. */
const STATE_BYTES = 200;

function bytesOf(state: JobState): number {
  return state.json.length + STATE_BYTES;
}

/** What a client has of each job, and what it is still to be sent: of each run of a job the latest state, and no more. */
export class Updates {
  readonly #jobs = new SmallMap<string, Known>();
  /** Those that were given a state to be sent, in their order; it may have been taken from them since. */
  #due: Known[] | undefined;

  /** How many wait; or a few more, some of which have been forgotten. */
  get size(): number {
    return this.#due?.length ?? 0;
  }

  /** About how much memory those take that wait. */
  get bytes(): number {
    return (this.#due ?? []).reduce((sum, { waiting }) => sum + (waiting ? bytesOf(waiting) : 0), 0);
  }

  /** Notes a state to be sent, unless the client has it or a newer one. @returns true when it replaces another */
  add(state: JobState): boolean {
    const known = this.#known(state.id);
    const { sent, waiting } = known;
    if (state.version <= (waiting?.version ?? sent)) return false;
    if (waiting?.terminal) {
      // A run's end is always sent: it keeps its place, and what comes after it has another.
      const next = { sent, waiting: state };
      this.#jobs.set(state.id, next);
      this.#addDue(next);
      return false;
    }
    known.waiting = state;
    if (!waiting) this.#addDue(known);
    return waiting !== undefined;
  }

  /** Notes a state that is sent at once, while none waits. @returns false when the client has it or a newer one */
  pass(state: JobState): boolean {
    const known = this.#known(state.id);
    if (state.version <= known.sent) return false;
    known.sent = state.version;
    return true;
  }

  /** Takes states that are to be sent now: up to `most`, and those after the first only until they have `mostBytes`. */
  take(most: number, mostBytes: number): JobState[] {
    const due = this.#due;
    if (!due) return [];
    const [first] = due;
    if (due.length === 1 && first?.waiting && !first.waiting.terminal) {
      // Most often so, for a client that watches one job.
      const state = first.waiting;
      this.#due = first.waiting = undefined;
      if (state.version <= first.sent) return [];
      first.sent = state.version;
      return [state];
    }
    const states: JobState[] = [];
    let taken = 0;
    let bytes = 0;
    for (const known of due) {
      if (states.length === most || bytes > mostBytes) break;
      taken++;
      const { waiting } = known;
      if (!waiting) continue;
      known.waiting = undefined;
      // An end may have been passed on its way, or be wanted no more; any other state is its job's latest.
      const latest = waiting.terminal ? this.#jobs.get(waiting.id) : known;
      if (!latest || waiting.version <= latest.sent) continue;
      states.push(waiting);
      bytes += waiting.json.length;
      latest.sent = waiting.version;
    }
    if (taken === due.length) this.#due = undefined;
    else due.splice(0, taken);
    return states;
  }

  /** Notes that the client has a version: it is not sent again. */
  sent(jobId: string, version: number): void {
    const known = this.#known(jobId);
    known.sent = Math.max(known.sent, version);
  }

  /** Takes the ends that are `wanted`: they are sent in another way, before what waits behind them. */
  takeEnds(wanted: (end: JobState) => boolean): JobState[] {
    const ends: JobState[] = [];
    for (const known of this.#due ?? []) {
      const { waiting } = known;
      const latest = waiting?.terminal && wanted(waiting) ? this.#jobs.get(waiting.id) : undefined;
      if (!waiting || !latest || waiting.version <= latest.sent) continue;
      ends.push(waiting);
      latest.sent = waiting.version;
      known.waiting = undefined;
    }
    return ends;
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

  clear(): void {
    this.#jobs.clear();
    this.#due = undefined;
  }

  #addDue(known: Known): void {
    if (this.#due) this.#due.push(known);
    else this.#due = [known];
  }

  #known(jobId: string): Known {
    let known = this.#jobs.get(jobId);
    if (!known) this.#jobs.set(jobId, (known = { sent: -1, waiting: undefined }));
    return known;
  }
}
