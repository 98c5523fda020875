import type { IncomingMessage } from 'node:http';
import type { Redis } from 'ioredis';
import { Registry } from '@prometheus-io/client';

import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import type { Guard } from '../access/guard.ts';
import { ConfigError, type Config, type Role } from '../config.ts';
import { chromaCall } from '../documents/chroma-call.ts';
import { type ReadinessCheck } from '../http/routes/health.ts';
import { identityStores } from '../installation/identity-stores.ts';
import { Installation } from '../installation/installation.ts';
import { JobFeed } from '../jobs/feed/job-feed.ts';
import type { QueueOptions } from '../jobs/transitions/queue-options.ts';
import { JobStore } from '../jobs/reads/job-store.ts';
import { clientSubject, type Subject } from '../limits/client-address.ts';
import { Limiter } from '../limits/limiter.ts';
import type { Logger } from '../logging/logger.ts';
import { checkAccess } from '../redis/check-access.ts';
import { checkDurability } from '../redis/check-durability.ts';
import { connectRedis, type ConnectionKind } from '../redis/connection.ts';
import { createKeys, type Keys } from '../redis/keys.ts';
import { requireWritable } from '../redis/require-writable.ts';
import { required } from './settings.ts';

/** Most lost workers of a job. More fail it, because it may be the cause. */
const MAX_STALLS = 10;

/** Services that all roles of a process share, except the processor. */
export interface Shared {
  config: Config;
  guard: Guard;
  access: Access;
  logger: Logger;
  /** Releases what the roles have opened, the last first. */
  started: AsyncDisposableStack;
  keys: Keys;
  redis: Redis;
  store: JobStore;
  installation: Installation;
  checks: Record<string, ReadinessCheck>;
  /** Checks that do not make a role unready. */
  dependencies: Record<string, ReadinessCheck>;
  metrics: Registry;
  queueOptions: QueueOptions;
  /** Shared by all roles of this process, so that their counts add up. */
  limiter: Limiter;
  /** Returns the subject whose limits a request counts against. */
  clientOf: (request: IncomingMessage, principal?: Principal) => Subject;
  /** Opens a connection to Redis. */
  connect: (name: string, kind: ConnectionKind) => Redis;
  /** One for all roles that push or answer for jobs. */
  feed: JobFeed | undefined;
}

/** Opens what the roles of a process share. */
export async function share(
  roles: readonly Role[],
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<Omit<Shared, 'guard' | 'access'>> {
  const redisUrl = required('REDIS_URL', config.redisUrl, roles);
  const { leaseMs, maxRetries, jobTtlSeconds: ttlSeconds } = config;
  const keys = createKeys(config.redisKeyPrefix);
  const access = await checkAccess(redisUrl, keys);
  if (access.fault !== undefined) throw new ConfigError(access.fault);
  const connect = (name: string, kind: ConnectionKind) => {
    const redis = connectRedis(redisUrl, name, kind, logger);
    started.defer(() => redis.disconnect());
    return redis;
  };
  const redis = connect('main', 'bounded');
  redis.once('ready', () => {
    void checkDurability(redis, logger);
    if (!access.reached)
      void checkAccess(redisUrl, keys).then(({ fault }) => fault !== undefined && logger.error(fault));
  });
  const store = new JobStore(redis, keys);
  const installation = openInstallation(roles, config, redis, keys, logger);
  started.defer(() => installation.close());
  const checks: Shared['checks'] = {
    redis: () => requireWritable(redis, keys),
    installation: () => installation.check(),
  };
  let feed: JobFeed | undefined;
  if (roles.includes('api') || roles.includes('gateway')) {
    // The feed replaces its connection when it has to, and closes the last.
    const connectFeed = () => connectRedis(redisUrl, 'feed', 'retrying', logger);
    const opened = new JobFeed(connectFeed, redis, { store, keys, logger });
    started.defer(() => opened.close());
    checks['events'] = async () => {
      if (!opened.live) throw new Error('job events are not sure to arrive');
    };
    feed = opened;
  }
  const fence = { store: () => installation.store };
  const queueOptions = { leaseMs, maxRetries, maxStalls: MAX_STALLS, ttlSeconds, ...fence };
  const shared = { config, logger, started, keys, redis, store, installation, checks, queueOptions, connect };
  const limiter = new Limiter(config.limits);
  const clientOf: Shared['clientOf'] = (request, principal) =>
    clientSubject(request, config.trustedProxies, principal);
  return { ...shared, dependencies: {}, metrics: new Registry(), feed, limiter, clientOf };
}

/** Starts comparing the stores that these roles use. */
function openInstallation(
  roles: readonly Role[],
  config: Config,
  redis: Redis,
  keys: Keys,
  logger: Logger,
): Installation {
  const redisUrl = required('REDIS_URL', config.redisUrl, roles);
  const isGateway = !roles.includes('api') && !roles.includes('worker');
  // A gateway needs no Chroma, and may not know where one is.
  const chromaUrl = isGateway ? 'http://nowhere' : required('CHROMA_URL', config.chromaUrl, roles);
  const urls = { blobStore: config.blobStore, redisUrl, chromaUrl };
  const stores = identityStores(urls, redis, keys, chromaCall(chromaUrl), logger);
  const part = isGateway ? 'gateway' : roles.includes('api') ? 'api' : 'worker';
  const installation = new Installation(stores, part, logger);
  installation.watch(redis);
  return installation;
}
