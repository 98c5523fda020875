import { Registry } from '@prometheus-io/client';
import { expect, test } from 'vitest';

import { GatewayMetrics } from '../../../src/gateway/gateway-metrics.ts';
import { Latencies } from '../../../src/gateway/latencies.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';

test('latencies are counted within every bound that they do not pass', () => {
  const latencies = new Latencies();
  for (const seconds of [0, 0.001, 0.0011, 0.3, 60]) latencies.observe(seconds);
  const within = Object.fromEntries(latencies.buckets);
  expect(within).toMatchObject({ '0.001': 2, '0.0025': 3, '0.25': 3, '0.5': 4, '10': 4, '+Inf': 5 });
  expect([latencies.count, latencies.sum]).toEqual([5, 60.3021]);
});

test('what was pushed is shown as a histogram of Prometheus', async () => {
  const registry = new Registry();
  const feed = { counts: { events: 0, rereads: 0 }, link: { misses: 0, proofAgeMs: 0 }, watches: 0 };
  const metrics = new GatewayMetrics(registry, feed as unknown as JobFeed, () => ({
    count: 0,
    bufferedBytes: 0,
  }));
  metrics.observe(new JobState({ id: 'a' }, 'h', Date.now() - 60_000));
  metrics.observe(new JobState({ id: 'a' }, 'h', Date.now() + 60_000));
  metrics.observe(new JobState({ id: 'a' }, 'h'));
  for (let scrape = 0; scrape < 2; scrape++) {
    const text = await registry.metrics();
    expect(text).toContain('sluice_gateway_push_seconds_bucket{le="0.001"} 1\n');
    expect(text).toContain('sluice_gateway_push_seconds_bucket{le="+Inf"} 2\n');
    expect(text).toContain('sluice_gateway_push_seconds_count 2\n');
  }
});
