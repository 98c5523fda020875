import type { PushErrorCode } from '../../contract/error-codes.ts';
import { MAX_SUBSCRIPTIONS, MAX_WATCHED_JOBS } from '../../contract/messages.ts';
import { SmallMap } from '../small-map.ts';
import type { Subscription } from './subscription.ts';

/** Why a subscription is refused: a stable code, and words. */
export interface Refusal {
  code: PushErrorCode;
  detail: string;
}

/** A session's subscriptions by their numbers, and which of them have still to join. */
export class Subscriptions {
  readonly #all = new SmallMap<number, Subscription>();
  /** There only while some have still to join. */
  #unjoined: Map<number, Subscription> | undefined;

  get size(): number {
    return this.#all.size;
  }

  /** True while some have still to join. */
  get joining(): boolean {
    return this.#unjoined !== undefined;
  }

  /** Lists all subscriptions with their ids. */
  entries(): [number, Subscription][] {
    return [...this.#all.keys()].map((id) => [id, this.#all.get(id) as Subscription]);
  }

  /** @param weight as how many jobs the new one counts. @returns nothing when it may be added */
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
   * Has all join that have not yet, one after the other; stops where the feed is stale.
   * @param joined is waited for before the next: hears which jobs of a subscription nobody knows
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

  /** Ends one. @returns the jobs that it had covered and no other does; nothing when there is none */
  end(id: number): string[] | undefined {
    const ended = this.#all.get(id);
    if (!ended) return undefined;
    const jobs = [...ended.jobs()];
    ended.end();
    this.#all.delete(id);
    this.#unjoined?.delete(id);
    return jobs.filter((jobId) => !this.covers(jobId));
  }

  /** Ends all. */
  clear(): void {
    for (const subscription of this.#all.values()) subscription.end();
    this.#all.clear();
    // Emptied, too: those in it may be joining just now.
    this.#unjoined?.clear();
    this.#unjoined = undefined;
  }

  covers(jobId: string): boolean {
    for (const subscription of this.#all.values()) if (subscription.covers(jobId)) return true;
    return false;
  }
}
