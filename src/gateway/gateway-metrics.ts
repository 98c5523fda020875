import { Counter, Gauge, type Registry } from '@prometheus-io/client';

import type { JobFeed } from '../jobs/feed/job-feed.ts';
import type { JobState } from '../jobs/model/job-view.ts';
import { Latencies } from './latencies.ts';

/** Metrics of a gateway. Each push counts in plain numbers. Prometheus' objects read them only on a scrape. */
export class GatewayMetrics {
  /** States sent in updates, and states that a newer one replaced first. */
  updates = 0;
  conflated = 0;
  subscriptions = 0;
  resumes = 0;
  readonly #closes: Counter<'code'>;
  readonly #latencies = new Latencies();

  /** @param sessions the sessions that are open, each with the bytes that wait in its socket */
  constructor(registry: Registry, feed: JobFeed, sessions: () => { count: number; bufferedBytes: number }) {
    const registers = [registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    gauge('sluice_gateway_sessions', 'Open WebSockets.', () => sessions().count);
    gauge('sluice_gateway_subscriptions', 'Their subscriptions.', () => this.subscriptions);
    gauge(
      'sluice_gateway_buffered_bytes',
      'Bytes that sockets have not taken.',
      () => sessions().bufferedBytes,
    );
    counter('sluice_gateway_updates_sent_total', 'States sent in updates.', () => this.updates);
    counter(
      'sluice_gateway_updates_conflated_total',
      'States that a newer one replaced.',
      () => this.conflated,
    );
    counter('sluice_gateway_resumes_total', 'Subscriptions that said what they had.', () => this.resumes);
    gauge(
      'sluice_feed_watches',
      'What is watched, each job counted for each of its watchers.',
      () => feed.watches,
    );
    counter('sluice_feed_events_total', 'Job events that this node heard.', () => feed.counts.events);
    counter(
      'sluice_feed_rereads_total',
      'Times that all watched jobs were read again.',
      () => feed.counts.rereads,
    );
    counter('sluice_feed_canary_misses_total', 'Canaries that did not come back.', () => feed.link.misses);
    gauge('sluice_feed_canary_age_seconds', 'Since delivery was proven.', () => feed.link.proofAgeMs / 1000);
    gauge('sluice_feed_live', '1 while delivery is proven.', () => (feed.live ? 1 : 0));
    this.#closes = new Counter({
      name: 'sluice_gateway_closes_total',
      help: 'WebSockets that have closed, by code.',
      labelNames: ['code'],
      registers,
    });
    const latencies = this.#latencies;
    const help = 'From the publication of a state to its socket.';
    const buckets = new Counter({
      name: 'sluice_gateway_push_seconds_bucket',
      help,
      labelNames: ['le'],
      registers: [],
      collect() {
        this.reset();
        for (const [le, count] of latencies.buckets) this.inc({ le }, count);
      },
    });
    registry.registerMetric(buckets);
    counter('sluice_gateway_push_seconds_count', help, () => latencies.count);
    counter('sluice_gateway_push_seconds_sum', help, () => latencies.sum);
  }

  closed(code: number): void {
    this.#closes.inc({ code });
  }

  /** Observes the latency of a state that a socket gets now. */
  observe({ publishedAt }: JobState): void {
    // The clocks of two machines may differ by more than a push takes.
    if (publishedAt !== undefined) this.#latencies.observe(Math.max(0, Date.now() - publishedAt) / 1000);
  }
}
