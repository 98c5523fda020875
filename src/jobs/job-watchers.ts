import type { JobState } from './to-job.ts';

/** Somebody who watches jobs. Its methods MUST NOT throw, and MUST NOT block. */
export interface JobWatcher {
  /** A job's state. States may come twice, and MUST be compared with `isNewer`. */
  onState(state: JobState): void;
  /** Redis knows the job no more: it has expired, was deleted, or got lost together with a history. */
  onForgotten(jobId: string): void;
}

/** Ends a watch; calling it again does nothing. */
export type Unwatch = () => void;

/** Who watches what. */
export class JobWatchers {
  readonly #ofOne = new Map<string, Set<JobWatcher>>();
  readonly #ofAll = new Map<JobWatcher, () => Iterable<string>>();

  add(jobId: string, watcher: JobWatcher): Unwatch {
    const watchers = this.#ofOne.get(jobId) ?? new Set();
    this.#ofOne.set(jobId, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#ofOne.get(jobId) === watchers) this.#ofOne.delete(jobId);
    };
  }

  /** @param known the ids that the watcher holds to be active */
  addForAll(watcher: JobWatcher, known: () => Iterable<string>): Unwatch {
    this.#ofAll.set(watcher, known);
    return () => this.#ofAll.delete(watcher);
  }

  /** True when somebody watches every job. */
  get anyForAll(): boolean {
    return this.#ofAll.size > 0;
  }

  has(jobId: string): boolean {
    return this.#ofAll.size > 0 || this.#ofOne.has(jobId);
  }

  /** How many there are, each counted for every job that it watches. */
  get size(): number {
    let count = this.#ofAll.size;
    for (const watchers of this.#ofOne.values()) count += watchers.size;
    return count;
  }

  /** Every job that is watched by its id, or that a watcher of all holds to be active. */
  ids(): Set<string> {
    const ids = new Set(this.#ofOne.keys());
    for (const known of this.#ofAll.values()) for (const id of known()) ids.add(id);
    return ids;
  }

  tell(state: JobState): void {
    for (const watcher of this.#of(state.id)) watcher.onState(state);
  }

  tellForgotten(jobId: string): void {
    for (const watcher of this.#of(jobId)) watcher.onForgotten(jobId);
  }

  *#of(jobId: string): Generator<JobWatcher> {
    yield* this.#ofAll.keys();
    yield* this.#ofOne.get(jobId) ?? [];
  }
}
