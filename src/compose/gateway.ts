import { Gateway } from '../gateway/gateway.ts';
import { type HttpServer } from '../http/server.ts';
import type { JobFeed } from '../jobs/feed/job-feed.ts';
import { Batches } from '../jobs/batches/batches.ts';
import { readStatistics } from '../jobs/reads/job-statistics.ts';
import type { Shared } from './shared.ts';

/** Wires the gateway to the server of this process. */
export function composeGateway(shared: Shared, { server }: HttpServer): void {
  const { config, guard, access, logger, started, installation, checks, metrics: registry } = shared;
  const feed = shared.feed as JobFeed;
  const isRefused = () => installation.refusal !== undefined;
  const { heartbeatMs } = config;
  const { limiter, clientOf, redis, keys } = shared;
  const options = { isRefused, heartbeatMs, limiter, clientOf };
  const readStats = () => readStatistics(redis, keys);
  const batches = new Batches(redis, keys);
  const readBatch = (tenant: string, batch: string) => batches.read(tenant, batch);
  const gateway = new Gateway({ feed, registry, access, readStats, readBatch }, guard, logger, options);
  checks['gateway'] = async () => {
    if (!gateway.accepting) throw new Error('the gateway is draining');
  };
  gateway.attach(server);
  started.defer(() => gateway.close());
}
