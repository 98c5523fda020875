import type { JobWatcher } from '../../jobs/feed/job-watchers.ts';
import type { StreamPosition } from '../../jobs/model/job-event.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { Watched } from '../session/rights.ts';
import { SmallMap } from '../speed/small-map.ts';
import { Joining } from './joining.ts';
import { sendNews, type ChannelServices, type Subscription } from './subscription.ts';

/** Watches jobs by their ids. */
export class JobsSubscription implements Subscription, JobWatcher {
  readonly tenant: string;
  readonly #id: number;
  readonly #services: ChannelServices;
  /** For each job, whether it runs as far as the client knows. */
  readonly #jobs = new SmallMap<string, boolean>();
  #joining: Joining | undefined;

  constructor(
    tenant: string,
    id: number,
    { jobs, since }: { jobs: readonly string[]; since: StreamPosition | undefined },
    services: ChannelServices,
  ) {
    this.tenant = tenant;
    this.#id = id;
    this.#services = services;
    for (const jobId of jobs) this.#jobs.set(services.feed.watch(jobId, this), false);
    this.#joining = new Joining(since);
  }

  async join(): Promise<string[] | undefined> {
    const { feed, outbox } = this.#services;
    const joining = this.#joining as Joining;
    const ids = [...this.#jobs.keys()];
    const read = await feed.reads.byIds(this.tenant, ids, joining.since);
    if (!read) return undefined;
    const joined = joining.merge(read, feed.epoch);
    const { states } = joined;
    this.#joining = undefined;
    for (const { id, terminal } of states.values()) this.#jobs.set(id, !terminal);
    sendNews(outbox, this.#id, joined);
    return ids.filter((jobId) => !states.has(jobId));
  }

  onState(state: JobState): void {
    if (this.#joining) return this.#joining.add(state);
    this.#jobs.set(state.id, !state.terminal);
    this.#services.outbox.update(state);
  }

  onForgotten(jobId: string): void {
    if (this.#joining) return this.#joining.forget(jobId);
    if (!this.#jobs.get(jobId)) return;
    this.#jobs.set(jobId, false);
    this.#services.listener.onLost(this.#id, jobId);
  }

  covers(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  jobs(): Iterable<string> {
    return this.#jobs.keys();
  }

  get watched(): Watched {
    return { channel: 'jobs', jobs: [...this.#jobs.keys()] };
  }

  get weight(): number {
    return this.#jobs.size;
  }

  end(): void {
    for (const jobId of this.#jobs.keys()) this.#services.feed.unwatch(jobId, this);
  }
}
