import type { IncomingMessage } from 'node:http';
import { Registry } from '@prometheus-io/client';

import { Access } from '../access/access.ts';
import type { Keyring } from '../access/keyring.ts';
import { Passes } from '../access/passes.ts';
import type { Principal } from '../access/principal.ts';
import { ConfigError, type Config, type Role } from '../config.ts';
import { chromaCall } from '../documents/chroma-call.ts';
import { type ReadinessCheck } from '../http/routes/health.ts';
import { identityStores } from '../installation/identity-stores.ts';
import { Installation } from '../installation/installation.ts';
import { JobFeed } from '../jobs/feed/job-feed.ts';
import { JobStore } from '../jobs/reads/job-store.ts';
import { clientSubject } from '../limits/client-address.ts';
import { Limiter } from '../limits/limiter.ts';
import type { Logger } from '../logging/logger.ts';
import { checkAccess } from '../redis/check-access.ts';
import { checkDurability } from '../redis/check-durability.ts';
import { connectRedis, type ConnectionKind } from '../redis/connection.ts';
import { createKeys } from '../redis/keys.ts';
import { requireWritable } from '../redis/require-writable.ts';
import { guardFor } from './guard-for.ts';
import { requireUrl } from './require-url.ts';

/** Most lost workers of a job. More fail it, because it may be the cause. */
const MAX_STALLS = 10;

/** Services that all roles of a process share, except the processor. */
export type Shared = Awaited<ReturnType<typeof share>>;

/** Opens what the roles of a process share. */
export async function share(
  roles: readonly Role[],
  config: Config,
  keyring: Keyring | undefined,
  logger: Logger,
  started: AsyncDisposableStack,
) {
  const redisUrl = requireUrl('REDIS_URL', config.redisUrl, roles);
  const { leaseMs, maxRetries, jobTtlSeconds: ttlSeconds } = config;
  const keys = createKeys(config.redisKeyPrefix);
  const account = await checkAccess(redisUrl, keys);
  if (account.fault !== undefined) throw new ConfigError(account.fault);
  const connect = (name: string, kind: ConnectionKind) => {
    const redis = connectRedis(redisUrl, name, kind, logger);
    started.defer(() => redis.disconnect());
    return redis;
  };
  const redis = connect('main', 'bounded');
  redis.once('ready', () => {
    void checkDurability(redis, logger);
    if (!account.reached)
      void checkAccess(redisUrl, keys).then(({ fault }) => fault !== undefined && logger.error(fault));
  });
  const store = new JobStore(redis, keys);
  const isGateway = !roles.includes('api') && !roles.includes('worker');
  // A gateway needs no Chroma, and may not know where one is.
  const chromaUrl = isGateway ? 'http://nowhere' : requireUrl('CHROMA_URL', config.chromaUrl, roles);
  const urls = { blobStore: config.blobStore, redisUrl, chromaUrl };
  const stores = identityStores(urls, redis, keys, chromaCall(chromaUrl), logger);
  const part = isGateway ? 'gateway' : roles.includes('api') ? 'api' : 'worker';
  const installation = new Installation(stores, part, logger);
  installation.watch(redis);
  started.defer(() => installation.close());
  const checks: Record<string, ReadinessCheck> = {
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
      if (!opened.live) throw new Error('nothing proves that job events arrive');
    };
    feed = opened;
  }
  const fence = { store: () => installation.store };
  return {
    config,
    guard: guardFor(config, logger),
    access: new Access(keyring, new Passes(redis, keys)),
    logger,
    /** Releases what the roles have opened, the last first. */
    started,
    keys,
    redis,
    store,
    installation,
    checks,
    /** Checks that do not make a role unready. */
    dependencies: {} as Record<string, ReadinessCheck>,
    metrics: new Registry(),
    queueOptions: { leaseMs, maxRetries, maxStalls: MAX_STALLS, ttlSeconds, ...fence },
    /** Shared by all roles of this process, so that their counts add up. */
    limiter: new Limiter(config.limits),
    /** Returns the subject whose limits a request counts against. */
    clientOf: (request: IncomingMessage, principal?: Principal) =>
      clientSubject(request, config.trustedProxies, principal),
    /** Opens a connection to Redis. */
    connect,
    /** Feed of the api and the gateway; absent without them. */
    feed,
  };
}
