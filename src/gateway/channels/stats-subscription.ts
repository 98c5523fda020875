import type { Stats } from '../../contract/jobs.ts';
import type { ChannelServices, Subscription } from './subscription.ts';

/** Watches the statistics of the queue. A client that does not read gets the latest ones when it reads again. */
export class StatsSubscription implements Subscription {
  readonly watched = { channel: 'stats' } as const;
  readonly weight = 0;
  readonly #id: number;
  readonly #services: ChannelServices;
  readonly #onStats = (stats: Stats) => this.#services.outbox.send({ type: 'stats', id: this.#id, stats });

  constructor(id: number, services: ChannelServices) {
    this.#id = id;
    this.#services = services;
    services.stats.watch(this.#onStats);
  }

  async join(): Promise<string[]> {
    return [];
  }

  covers(): boolean {
    return false;
  }

  jobs(): Iterable<string> {
    return [];
  }

  end(): void {
    this.#services.stats.unwatch(this.#onStats);
  }
}
