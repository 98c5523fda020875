import type { BatchView } from '../../contract/batches/batch.ts';
import type { ChannelServices, Subscription } from './subscription.ts';

/** Watches the counters of a batch. A client that does not read gets the latest ones when it reads again. */
export class BatchSubscription implements Subscription {
  readonly watched = { channel: 'batch' } as const;
  readonly weight = 0;
  readonly #tenant: string;
  readonly #id: number;
  readonly #batch: string;
  readonly #services: ChannelServices;
  readonly #onView = (view: BatchView | undefined) => {
    const { outbox } = this.#services;
    if (view) outbox.send({ batchFor: this.#id, batch: view });
    else outbox.send({ type: 'error', id: this.#id, code: 'batch_not_found', detail: DETAIL });
  };

  constructor(tenant: string, id: number, batch: string, services: ChannelServices) {
    this.#tenant = tenant;
    this.#id = id;
    this.#batch = batch;
    this.#services = services;
    services.batches.watch(tenant, batch, this.#onView);
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
    this.#services.batches.unwatch(this.#tenant, this.#batch, this.#onView);
  }
}

const DETAIL = 'There is no such batch now. The subscription tells its counters once it has a job.';
