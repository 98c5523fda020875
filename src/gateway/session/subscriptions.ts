import type { PushErrorCode } from '../../contract/error-codes.ts';
import { MAX_SUBSCRIPTIONS, MAX_WATCHED_JOBS } from '../../contract/messages.ts';
import { SmallMap } from '../speed/small-map.ts';
import type { Subscription } from '../channels/subscription.ts';

/** Reason of a refused subscription: a stable code, and words. */
export interface Refusal {
  code: PushErrorCode;
  detail: string;
}

/** A session's subscriptions by number, and those that have not joined yet. */
export class Subscriptions {
  readonly #all = new SmallMap<number, Subscription>();
  /** Absent once all have joined. */
  #unjoined: Map<number, Subscription> | undefined;

  get size(): number {
    return this.#all.size;
  }

  /** True while a subscription has not joined. */
  get joining(): boolean {
    return this.#unjoined !== undefined;
  }

  /** Lists all subscriptions with their ids. */
  entries(): [number, Subscription][] {
    return [...this.#all.keys()].map((id) => [id, this.#all.get(id) as Subscription]);
  }

  /** Checks the limits. @param weight number of jobs that the new one counts as. @returns `undefined` if it fits */
  refusal(id: number, weight: number): Refusal | undefined {
    if (this.#all.has(id))
      return { code: 'subscription_in_use', detail: `The subscription ${id} is in use.` };
    let watched = weight;
    for (const other of this.#all.values()) watched += other.weight;
    const detail =
      this.#all.size >= MAX_SUBSCRIPTIONS
        ? `A session may have ${MAX_SUBSCRIPTIONS}.`
        : watched > MAX_WATCHED_JOBS
          ? `A session may name ${MAX_WATCHED_JOBS} jobs.`
          : undefined;
    return detail === undefined ? undefined : { code: 'too_many_subscriptions', detail };
  }

  add(id: number, subscription: Subscription): void {
    this.#all.set(id, subscription);
    (this.#unjoined ??= new Map()).set(id, subscription);
  }

  /**
   * Joins the waiting subscriptions one after the other. Stops while the feed is stale.
   * @param joined called with the ids without a job, and awaited before the next subscription
   */
  async join(joined: (id: number, unknown: string[]) => Promise<void>): Promise<void> {
    for (const [id, subscription] of this.#unjoined ?? []) {
      const unknown = await subscription.join();
      if (!unknown) return;
      this.#unjoined?.delete(id);
      await joined(id, unknown);
    }
    this.#unjoined = undefined;
  }

  /** Ends a subscription. @returns the jobs that only it covered; `undefined` without such a subscription */
  end(id: number): string[] | undefined {
    const ended = this.#all.get(id);
    if (!ended) return undefined;
    const jobs = [...ended.jobs()];
    ended.end();
    this.#all.delete(id);
    this.#unjoined?.delete(id);
    return jobs.filter((jobId) => !this.covers(jobId));
  }

  /** Ends all subscriptions. */
  clear(): void {
    for (const subscription of this.#all.values()) subscription.end();
    this.#all.clear();
    // Empties the map as well, because a join may be iterating over it.
    this.#unjoined?.clear();
    this.#unjoined = undefined;
  }

  covers(jobId: string): boolean {
    for (const subscription of this.#all.values()) if (subscription.covers(jobId)) return true;
    return false;
  }
}
