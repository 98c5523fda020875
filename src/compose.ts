import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Hono } from 'hono';

import { ConfigError, type Config, type Role } from './config.ts';
import { DocumentRegistry } from './documents/registry.ts';
import { CHROMA_TIMEOUT_MS, VectorStore } from './documents/vector-store.ts';
import { Gateway } from './gateway/gateway.ts';
import { createApp } from './http/app.ts';
import { healthRoutes, type ReadinessCheck } from './http/routes/health.ts';
import { startServer } from './http/server.ts';
import { CleanupLog } from './jobs/cleanup-log.ts';
import { JobFeed } from './jobs/job-feed.ts';
import { JobQueue } from './jobs/job-queue.ts';
import { JobStore } from './jobs/job-store.ts';
import type { Logger } from './logger.ts';
import { ProcessorClient } from './processor-client.ts';
import { startProcessor } from './processor/server.ts';
import { checkDurability } from './redis/check-durability.ts';
import { connectRedis } from './redis/connection.ts';
import { createKeys } from './redis/keys.ts';
import { BlobStore } from './uploads/blob-store.ts';
import { BlobSweep } from './worker/blob-sweep.ts';
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
  const connect = (name: string, patience: 'bounded' | 'patient') => {
    const redis = connectRedis(redisUrl, name, patience, logger);
    started.defer(() => redis.disconnect());
    return redis;
  };
  const redis = connect('main', 'bounded');
  void checkDurability(redis, logger);
  const store = new JobStore(redis, keys);
  const checks: Record<string, ReadinessCheck> = { redis: () => redis.ping() };
  const { leaseMs, maxRetries, jobTtlSeconds: ttlSeconds } = config;
  const queueOptions = { leaseMs, maxRetries, maxStalls: MAX_STALLS, ttlSeconds };

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
      const uploadQueue = new JobQueue(connect('uploads', 'patient'), keys, queueOptions);
      const registry = new DocumentRegistry(redis, keys);
      const { maxUploadBytes, allowedOrigins } = config;
      const settings = { gateway_url: config.gatewayUrl };
      const services = {
        redis,
        keys,
        blobs,
        queue,
        uploadQueue,
        store,
        registry,
        vectors,
        processor,
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
      const worker = await startWorker(
        {
          ...stored,
          keys,
          vectors,
          processor,
          cleanups: new CleanupLog(patient, keys, CHROMA_TIMEOUT_MS),
          uploads: new UploadRecovery(stored),
          files: new BlobSweep(stored),
          waiter: connect('waiter', 'patient'),
          subscriber: connect('cancellations', 'patient'),
        },
        { concurrency: config.workerConcurrency, leaseMs, drainMs: config.drainMs },
      );
      started.defer(() => worker.close());
    }
  }

  const server = await startServer(app ?? new Hono().route('/', healthRoutes(checks)), config);
  started.defer(() => server.close(HTTP_GRACE_MS));

  if (roles.includes('gateway')) {
    const feed = new JobFeed(connect('feed', 'patient'), store, keys, logger);
    await feed.start();
    const gateway = new Gateway({ feed, store }, config.allowedOrigins, logger);
    gateway.attach(server.server);
    started.defer(() => gateway.close());
  }
  return server.port;
}

function required(name: string, url: string | undefined, roles: readonly Role[]): string {
  if (url !== undefined) return url;
  throw new ConfigError(
    `${name} is not set, and ${roles.join(' and ')} alone needs it; only a start without a role brings its own.`,
  );
}
