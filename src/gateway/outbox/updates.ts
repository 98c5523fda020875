import type { JobState } from '../../jobs/model/job-view.ts';
import { SmallMap } from '../speed/small-map.ts';

/** A job that a client knows. */
interface Known {
  /** Version that the client has; -1 for none. */
  sent: number;
  /** State to send. */
  waiting: JobState | undefined;
}

/** Memory of a waiting state beside its JSON, in bytes. */
const STATE_BYTES = 200;

function bytesOf(state: JobState): number {
  return state.json.length + STATE_BYTES;
}

/** Tracks the version that a client has of each job, and the states to send: only the latest state of each run. */
export class Updates {
  readonly #jobs = new SmallMap<string, Known>();
  /** Jobs in the order in which they got a state to send. They may have lost it since. */
  #due: Known[] | undefined;

  /** Number of waiting states; a little higher after some were forgotten. */
  get size(): number {
    return this.#due?.length ?? 0;
  }

  /** Memory of the waiting states, in bytes, estimated. */
  get bytes(): number {
    return (this.#due ?? []).reduce((sum, { waiting }) => sum + (waiting ? bytesOf(waiting) : 0), 0);
  }

  /** Offset before the first waiting state; `Infinity` without one. A resume from it brings every waiting state. */
  get offset(): number {
    let first = Infinity;
    for (const { waiting } of this.#due ?? []) if (waiting && waiting.offset < first) first = waiting.offset;
    return first - 1;
  }

  /** Adds a state to send, unless the client has it or a newer one. @returns true if it replaces another */
  add(state: JobState): boolean {
    const known = this.#known(state.id);
    const { sent, waiting } = known;
    if (state.version <= (waiting?.version ?? sent)) return false;
    if (waiting?.terminal) {
      // The end of a run is always sent. It keeps its place, and the next state gets another.
      const next = { sent, waiting: state };
      this.#jobs.set(state.id, next);
      this.#addDue(next);
      return false;
    }
    known.waiting = state;
    if (!waiting) this.#addDue(known);
    return waiting !== undefined;
  }

  /** Notes a state that is sent at once, while none waits. @returns false if the client has it or a newer one */
  pass(state: JobState): boolean {
    const known = this.#known(state.id);
    if (state.version <= known.sent) return false;
    known.sent = state.version;
    return true;
  }

  /** Takes states to send now: at most `most`, and no more once they have `mostBytes`. */
  take(most: number, mostBytes: number): JobState[] {
    const due = this.#due;
    if (!due) return [];
    const [first] = due;
    if (due.length === 1 && first?.waiting && !first.waiting.terminal) {
      // The common case: the client watches one job.
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
      // A newer state may have overtaken an end, or the job was forgotten. Any other state is its job's latest.
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

  /** Notes that the client has a version, so it is not sent again. */
  sent(jobId: string, version: number): void {
    const known = this.#known(jobId);
    known.sent = Math.max(known.sent, version);
  }

  /** Takes the `wanted` ends, because they are sent as messages before the waiting states. */
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

  /** Drops a job's waiting state, because it is sent in a snapshot. */
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
