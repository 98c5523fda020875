import type { Job } from '../../../src/contract/job.ts';
import type { Channel } from './channel.ts';
import { Epochs, type Seen } from './epochs.ts';

/** Follows one job. */
export interface JobListener {
  /** True if no poll is needed, because the run has ended or the server lost the job. */
  readonly settled: boolean;
  onState(job: Job): void;
  /** The server does not know the job, or no longer. */
  onUnknown(): void;
  /** The key does not allow this watch. */
  onRefused(code: string, detail: string): void;
}

interface Followed {
  listeners: Set<JobListener>;
  /** Last state, for another listener of the same job. */
  job: Job | undefined;
  seen: Seen | undefined;
}

/** Knows everything that is watched, and passes states on. Whatever way they come by, none goes back. */
export class Hub {
  readonly epochs = new Epochs();
  readonly channels = new Set<Channel>();
  readonly #jobs = new Map<string, Followed>();
  /** Jobs that left a channel without their end. They are read once. */
  readonly #lookUps = new Map<string, Set<Channel>>();
  readonly #onWanted: () => void;
  #told = false;
  /** Grows when something more is watched, so that a former response no longer suffices. */
  wanted = 0;

  /** @param onWanted called soon after the set of watches has changed, once for many changes */
  constructor(onWanted: () => void) {
    this.#onWanted = onWanted;
  }

  /** True if nothing is watched. */
  get idle(): boolean {
    return this.#jobs.size === 0 && this.channels.size === 0;
  }

  /** Lists the watched jobs, the latest last. */
  jobIds(): string[] {
    return [...this.#jobs.keys()];
  }

  watches(id: string): boolean {
    return this.#jobs.has(id);
  }

  /** Lists the jobs whose state a poll may change. */
  openIds(): string[] {
    const open = [...this.#jobs].filter(([, { listeners }]) =>
      [...listeners].some(({ settled }) => !settled),
    );
    return open.map(([id]) => id);
  }

  /** Lists the jobs to read once. */
  lookUps(): string[] {
    return [...this.#lookUps.keys()];
  }

  add(id: string, listener: JobListener): void {
    const followed = this.#jobs.get(id) ?? { listeners: new Set(), job: undefined, seen: undefined };
    this.#jobs.set(id, followed);
    followed.listeners.add(listener);
    const { job } = followed;
    // No subscription brings the state again. The caller gets the watch before.
    if (job) queueMicrotask(() => followed.job === job && listener.onState(job));
    this.wanted++;
    this.#tell();
  }

  remove(id: string, listener: JobListener): void {
    const listeners = this.#jobs.get(id)?.listeners;
    if (listeners?.delete(listener) && listeners.size === 0) this.#jobs.delete(id);
    this.#tell();
  }

  open(channel: Channel): void {
    this.channels.add(channel);
    this.wanted++;
    this.#tell();
  }

  close(channel: Channel): void {
    this.channels.delete(channel);
    for (const [id, channels] of this.#lookUps)
      if (channels.delete(channel) && channels.size === 0) this.#lookUps.delete(id);
    this.#tell();
  }

  /** Reads jobs once for a channel, which then gets their state, or learns that they are gone. */
  lookUp(ids: readonly string[], channel: Channel): void {
    for (const id of ids) this.#lookUps.set(id, (this.#lookUps.get(id) ?? new Set()).add(channel));
    if (ids.length > 0) this.#tell();
  }

  /**
   * Takes states.
   * @param epoch of their versions
   * @param to channels that get them, too
   */
  apply(jobs: readonly Job[], epoch: string, to: Iterable<Channel> = this.channels): void {
    if (!this.epochs.enter(epoch)) return;
    for (const job of jobs) {
      const followed = this.#jobs.get(job.id);
      if (followed) {
        if (this.epochs.isNewer(job.version, followed.seen)) {
          followed.job = job;
          followed.seen = { generation: this.epochs.generation, version: job.version };
        }
        for (const listener of followed.listeners) listener.onState(job);
      }
      for (const channel of to) channel.onState(job);
    }
  }

  /** Takes the response to a read of jobs by id. */
  applyRead(ids: readonly string[], jobs: readonly Job[], epoch: string): void {
    if (!this.epochs.enter(epoch)) return;
    this.apply(jobs, epoch, []);
    const found = new Map(jobs.map((job) => [job.id, job]));
    for (const id of ids) {
      if (!found.has(id)) this.unknown(id);
      const channels = this.#lookUps.get(id);
      this.#lookUps.delete(id);
      for (const channel of channels ?? []) channel.onLookedUp(id, found.get(id));
    }
  }

  /** Takes it that the server does not know a job. */
  unknown(id: string): void {
    const followed = this.#jobs.get(id);
    if (!followed) return;
    followed.job = undefined;
    followed.seen = undefined;
    for (const listener of followed.listeners) listener.onUnknown();
  }

  /** Takes it that the key does not allow some watches. */
  refuse(ids: Iterable<string>, code: string, detail: string): void {
    for (const id of ids)
      for (const listener of this.#jobs.get(id)?.listeners ?? []) listener.onRefused(code, detail);
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      this.#onWanted();
    });
  }
}
