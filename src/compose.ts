import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Hono } from 'hono';
import type { Redis } from 'ioredis';
import { Registry } from 'prom-client';

import { ConfigError, type Config, type Role } from './config.ts';
import { DocumentRegistry } from './documents/registry.ts';
import { CHROMA_TIMEOUT_MS, VectorStore } from './documents/vector-store.ts';
import { Gateway } from './gateway/gateway.ts';
import { createApp } from './http/app.ts';
import { healthRoutes, type ReadinessCheck } from './http/routes/health.ts';
import { metricsRoutes } from './http/routes/metrics.ts';
import { startServer } from './http/server.ts';
import { CleanupLog } from './jobs/cleanup-log.ts';
import { JobFeed } from './jobs/job-feed.ts';
import { JobHistory } from './jobs/job-history.ts';
import { JobQueue } from './jobs/job-queue.ts';
import { JobRestoration } from './jobs/job-restoration.ts';
import { JobReader } from './jobs/job-reader.ts';
import { JobStore } from './jobs/job-store.ts';
import type { Logger } from './logger.ts';
import { ProcessorClient } from './processor-client.ts';
import { startProcessor } from './processor/server.ts';
import { checkDurability } from './redis/check-durability.ts';
import { connectRedis, type Patience } from './redis/connection.ts';
import { createKeys } from './redis/keys.ts';
import { BlobStore } from './uploads/blob-store.ts';
import { UploadConnection } from './uploads/upload-connection.ts';
import { BlobSweep, MIN_AGE_MS } from './worker/blob-sweep.ts';
import { EndedRecovery } from './worker/ended-recovery.ts';
import { UploadRecovery } from './worker/upload-recovery.ts';
import { startWorker } from './worker/worker.ts';

/** A worker lost costs a job nothing; a job that costs more workers than this fails. */
const MAX_STALLS = 10;
/** How long HTTP answers under way may take once the process is to stop. */
const HTTP_GRACE_MS = 2000;
const PAGE_FOLDER = resolve(import.meta.dirname, '../client/dist');

/** A running set of roles. */
export interface Running {
  /** Where it listens. */
  port: number;
  /** Stops everything, the last started first. */
  close(): Promise<void>;
}

/**
 * Starts roles in this process and wires them together: the only place that knows more than one of them.
 * @throws {ConfigError} when a URL that the roles need is not set
 */
export async function startRoles(roles: readonly Role[], config: Config, logger: Logger): Promise<Running> {
  // Whatever has been started is released again, last first, when a later step throws.
  await using starting = new AsyncDisposableStack();
  const port = roles.includes('processor')
    ? await startProcessorRole(roles, config, logger, starting)
    : await startJobRoles(roles, config, logger, starting);
  const started = starting.move();
  return { port, close: () => started.disposeAsync() };
}

async function startProcessorRole(
  roles: readonly Role[],
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<number> {
  if (roles.length > 1)
    throw new ConfigError('The processor is a process of its own: start it without other roles.');
  const processor = await startProcessor({
    host: config.host,
    port: config.port,
    tmpDir: join(config.dataDir, 'processor'),
    children: config.processorChildren,
    timeoutMs: config.processorTimeoutMs,
    maxTextChars: config.maxTextChars,
    maxUploadBytes: config.maxUploadBytes,
    embeddings: config.embeddings,
    logger,
  });
  started.defer(() => processor.close());
  return processor.port;
}

async function startJobRoles(
  roles: readonly Role[],
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<number> {
  const redisUrl = required('REDIS_URL', config.redisUrl, roles);
  const keys = createKeys(config.redisKeyPrefix);
  const connect = (name: string, patience: Patience) => {
    const redis = connectRedis(redisUrl, name, patience, logger);
    started.defer(() => redis.disconnect());
    return redis;
  };
  const redis = connect('main', 'bounded');
  void checkDurability(redis, logger);
  const store = new JobStore(redis, keys);
  const checks: Record<string, ReadinessCheck> = { redis: () => requireMaster(redis) };
  const { leaseMs, maxRetries, jobTtlSeconds: ttlSeconds } = config;
  const metrics = new Registry();
  const queueOptions = { leaseMs, maxRetries, maxStalls: MAX_STALLS, ttlSeconds };

  let feed: JobFeed | undefined;
  /** One for all roles of the process that push or answer for jobs. */
  const openFeed = () => {
    if (feed) return feed;
    const opened = new JobFeed(() => connectRedis(redisUrl, 'feed', 'patient', logger), redis, {
      store,
      keys,
      logger,
    });
    started.defer(() => opened.close());
    checks['events'] = async () => {
      if (!opened.live) throw new Error('job events are not sure to arrive');
    };
    return (feed = opened);
  };

  const closing = new AbortController();
  let app: Parameters<typeof startServer>[0] | undefined;
  if (roles.includes('api') || roles.includes('worker')) {
    const vectors = new VectorStore(required('CHROMA_URL', config.chromaUrl, roles));
    const processorUrl = required('PROCESSOR_URL', config.processorUrl, roles);
    const processor = new ProcessorClient(processorUrl, config.processorTimeoutMs);
    started.defer(() => processor.close());
    await mkdir(config.blobStore, { recursive: true });
    const blobs = new BlobStore(config.blobStore);
    started.defer(() => blobs.close());

    if (roles.includes('api')) {
      const queue = new JobQueue(redis, keys, queueOptions);
      const uploads = connect('uploads', 'ordered');
      const uploadQueue = new JobQueue(uploads, keys, queueOptions);
      const uploadConnection = new UploadConnection(uploads, logger);
      const registry = new DocumentRegistry(redis, keys);
      const { maxUploadBytes, allowedOrigins } = config;
      const settings = { gateway_url: config.gatewayUrl };
      const reader = new JobReader(store, openFeed());
      started.defer(() => reader.close());
      const services = {
        redis,
        keys,
        blobs,
        queue,
        uploadQueue,
        uploadConnection,
        store,
        feed: openFeed(),
        reader,
        closing: closing.signal,
        registry,
        vectors,
        processor,
        metrics,
        logger,
      };
      app = createApp(services, checks, {
        maxUploadBytes,
        allowedOrigins,
        settings,
        pageFolder: PAGE_FOLDER,
      });
    }
    if (roles.includes('worker')) {
      const patient = connect('worker', 'patient');
      const queue = new JobQueue(patient, keys, queueOptions);
      const registry = new DocumentRegistry(patient, keys);
      const stored = { blobs, queue, registry, store: new JobStore(patient, keys), logger };
      const restoration = new JobRestoration(patient, keys, ttlSeconds);
      // What Redis has let expire it must not be told again.
      const keepEndedMs = Math.min(MIN_AGE_MS, ttlSeconds * 1000);
      const worker = await startWorker(
        {
          ...stored,
          keys,
          vectors,
          processor,
          cleanups: new CleanupLog(patient, keys, CHROMA_TIMEOUT_MS),
          uploads: new UploadRecovery(stored),
          files: new BlobSweep(stored, keepEndedMs),
          redis: patient,
          history: new JobHistory(patient, keys),
          ended: new EndedRecovery({ ...stored, restoration }, keepEndedMs),
          waiter: connect('waiter', 'patient'),
          subscriber: connect('cancellations', 'patient'),
        },
        { concurrency: config.workerConcurrency, leaseMs, drainMs: config.drainMs },
      );
      started.defer(() => worker.close());
    }
  }

  if (roles.includes('gateway')) {
    const gateway = new Gateway({ feed: openFeed(), registry: metrics }, config.allowedOrigins, logger);
    checks['gateway'] = async () => {
      if (!gateway.accepting) throw new Error('the gateway is draining');
    };
    const server = await startServer(app ?? bareApp(checks, metrics), config);
    started.defer(() => server.close(HTTP_GRACE_MS));
    started.defer(() => closing.abort());
    gateway.attach(server.server);
    started.defer(() => gateway.close());
    return server.port;
  }
  const server = await startServer(app ?? bareApp(checks, metrics), config);
  started.defer(() => server.close(HTTP_GRACE_MS));
  started.defer(() => closing.abort());
  return server.port;
}

/** @throws for a Redis that takes no writes: a master that has become a replica still answers everything else */
async function requireMaster(redis: Redis): Promise<void> {
  const [role] = (await redis.role()) as [string];
  if (role !== 'master') throw new Error(`this Redis is a ${role}`);
}

/** What a role without an API of its own answers. */
function bareApp(checks: Record<string, ReadinessCheck>, metrics: Registry): Hono {
  return new Hono().route('/', healthRoutes(checks)).route('/', metricsRoutes(metrics));
}

function required(name: string, url: string | undefined, roles: readonly Role[]): string {
  if (url !== undefined) return url;
  throw new ConfigError(
    `${name} is not set, and ${roles.join(' and ')} alone needs it; only a start without a role brings its own.`,
  );
}
