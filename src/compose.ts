import type { IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { Hono } from 'hono';
import type { Redis } from 'ioredis';
import { Counter, Registry } from '@prometheus-io/client';

import { Access } from './access/access.ts';
import { authorizeRequests, type AccessEnvironment } from './access/authorize-requests.ts';
import { Keyring } from './access/keyring.ts';
import { Passes } from './access/passes.ts';
import type { Principal } from './access/principal.ts';
import { Guard } from './access/guard.ts';
import { guardRequests } from './access/guard-requests.ts';
import { ConfigError, type Config, type Role } from './config.ts';
import { CHROMA_TIMEOUT_MS, chromaCall } from './documents/chroma-call.ts';
import { ChunkCounts } from './documents/chunk-counts.ts';
import { DocumentRegistry } from './documents/registry.ts';
import { VectorStore } from './documents/vector-store.ts';
import { Gateway } from './gateway/gateway.ts';
import { createApp } from './http/app.ts';
import { ROUTE_RULES } from './http/route-rules.ts';
import { healthRoutes, type ReadinessCheck } from './http/routes/health.ts';
import { metricsRoutes } from './http/routes/metrics.ts';
import { upgradeRequiredRoutes } from './http/routes/upgrade-required.ts';
import { startServer, type HttpServer } from './http/server.ts';
import { BlobProbe } from './installation/blob-probe.ts';
import { identityStores } from './installation/identity-stores.ts';
import { Installation } from './installation/installation.ts';
import { CleanupLog } from './jobs/cleanup-log.ts';
import { IncompleteDocuments } from './jobs/incomplete-documents.ts';
import { JobFeed } from './jobs/job-feed.ts';
import { EpochTracker } from './jobs/epoch-tracker.ts';
import { JobQueue, type QueueOptions } from './jobs/job-queue.ts';
import { JobRestoration } from './jobs/job-restoration.ts';
import { JobReader } from './jobs/job-reader.ts';
import { JobStore } from './jobs/job-store.ts';
import { Tombstones } from './jobs/tombstones.ts';
import { clientSubject, type Subject } from './limits/client-address.ts';
import { Limiter } from './limits/limiter.ts';
import { LiveJobs } from './limits/live-jobs.ts';
import type { Logger } from './logger.ts';
import { MAX_CALL_SILENCES } from './contract/processor.ts';
import { ProcessorClient } from './processor-client/processor-client.ts';
import { startProcessor } from './processor/server.ts';
import { checkAccess } from './redis/check-access.ts';
import { checkDurability } from './redis/check-durability.ts';
import { connectRedis, type ConnectionKind } from './redis/connection.ts';
import { createKeys, type Keys } from './redis/keys.ts';
import { requireWritable } from './redis/require-writable.ts';
import { BlobStore } from './uploads/blob-store.ts';
import { FreeSpace } from './uploads/free-space.ts';
import { UploadConnection } from './uploads/upload-connection.ts';
import { ChromaComparison } from './worker/comparison/chroma-comparison.ts';
import { EndedRecovery } from './worker/ended-recovery.ts';
import { ManifestRestoration } from './worker/manifest-restoration.ts';
import { OrphanSweep } from './worker/orphan-sweep.ts';
import { TombstoneSweep } from './worker/tombstone-sweep.ts';
import { UploadRecovery } from './worker/upload-recovery.ts';
import { startWorker } from './worker/worker.ts';

/** A worker lost costs a job nothing; a job that costs more workers than this fails. */
const MAX_STALLS = 10;
/** Interval of the Chroma comparison, in ms: finds missing chunks within a minute. */
const MAX_COMPARED_EVERY_MS = 30_000;
/** How long HTTP responses under way may take once the process is to stop. */
const HTTP_GRACE_MS = 2000;
const PAGE_FOLDER = resolve(import.meta.dirname, '../client/dist');

/** Longest wait of a started role for the first comparison of the stores, in ms. */
const COMPARED_WITHIN_MS = 10_000;

type App = Parameters<typeof startServer>[0];

/** A running set of roles. */
export interface Running {
  /** Where it listens. */
  port: number;
  /** Returns the fault that the operator must repair, once the stores were compared; `undefined` for none. */
  refusal(): Promise<string | undefined>;
  /** Reads the file of API keys again; absent without such a file. */
  reload: (() => void) | undefined;
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
  const running = roles.includes('processor')
    ? await startProcessorRole(roles, config, logger, starting)
    : await startJobRoles(roles, config, logger, starting);
  const started = starting.move();
  return { ...running, close: () => started.disposeAsync() };
}

async function startProcessorRole(
  roles: readonly Role[],
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<Omit<Running, 'close'>> {
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
    guard: guardFor(config, logger),
    secret: config.processorSecret,
    logger,
  });
  started.defer(() => processor.close());
  return { port: processor.port, refusal: async () => undefined, reload: undefined };
}

/** What the roles of one process share, apart from the processor's. */
interface Shared {
  config: Config;
  guard: Guard;
  access: Access;
  logger: Logger;
  /** What is to be released again, last first. */
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

/** What api and worker share beside that. */
interface Stores {
  blobs: BlobStore;
  vectors: VectorStore;
  processor: ProcessorClient;
}

async function startJobRoles(
  roles: readonly Role[],
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<Omit<Running, 'close'>> {
  const guard = guardFor(config, logger);
  const keyring = config.apiKeys === undefined ? undefined : new Keyring(config.apiKeys, logger);
  const base = await share(roles, config, logger, started);
  const access = new Access(keyring, new Passes(base.redis, base.keys));
  const shared: Shared = { ...base, guard, access };
  const closing = new AbortController();
  const own = healthRoutes(shared.checks, shared.dependencies);
  if (roles.includes('gateway')) own.route('/', upgradeRequiredRoutes(logger));
  let app: App = new Hono<AccessEnvironment>()
    .use(guardRequests(guard))
    .use(authorizeRequests(access, ROUTE_RULES))
    .route('/', own)
    .route('/', metricsRoutes(shared.metrics));
  if (roles.includes('api') || roles.includes('worker')) {
    const stores = await openStores(roles, shared);
    if (roles.includes('api')) app = composeApi(shared, stores, own, closing.signal);
    if (roles.includes('worker')) await composeWorker(shared, stores);
  }
  const server = await startServer(app, config);
  started.defer(() => server.close(HTTP_GRACE_MS));
  started.defer(() => closing.abort());
  if (roles.includes('gateway')) composeGateway(shared, server);
  const { installation } = shared;
  const refusal = async () => {
    await installation.settled(COMPARED_WITHIN_MS);
    return installation.refusal;
  };
  const reload = keyring?.isFile ? () => keyring.reload() : undefined;
  return { port: server.port, refusal, reload };
}

/** Makes the guard of this process's port. */
function guardFor({ host, allowedHosts, allowedOrigins, publicUrl }: Config, logger: Logger): Guard {
  const hosts = [host, ...allowedHosts, ...(publicUrl ? [publicUrl.hostname] : [])];
  return new Guard(hosts, [...allowedOrigins, ...(publicUrl ? [publicUrl.origin] : [])], logger);
}

async function share(
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

async function openStores(roles: readonly Role[], shared: Shared): Promise<Stores> {
  const { config, started, installation, checks, dependencies } = shared;
  const vectors = new VectorStore(required('CHROMA_URL', config.chromaUrl, roles), (client) =>
    installation.proveChroma(client),
  );
  dependencies['chroma'] = () => vectors.heartbeat(AbortSignal.timeout(CHROMA_TIMEOUT_MS));
  const processorUrl = required('PROCESSOR_URL', config.processorUrl, roles);
  const { processorTimeoutMs: timeoutMs, processorSecret: secret, maxTextChars } = config;
  const limits = { timeoutMs, callMs: timeoutMs * MAX_CALL_SILENCES, maxTextChars };
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const processor = new ProcessorClient(processorUrl, limits, { headers });
  started.defer(() => processor.close());
  let asked: ReturnType<ProcessorClient['health']> | undefined;
  // Coalesces both checks, and concurrent probes, into one call.
  const health = () => (asked ??= processor.health().finally(() => (asked = undefined)));
  dependencies['processor'] = health;
  dependencies['embedder'] = async () => {
    if ((await health()).embedder === 'away') throw new Error('the embedding server is away');
  };
  const probe = new BlobProbe(config.blobStore);
  // A missing folder holds nothing to remove.
  await probe.removeStale().catch(() => {});
  checks['blobs'] = async () => {
    await installation.checkBlobs();
    await probe.prove();
  };
  const blobs = new BlobStore(config.blobStore);
  started.defer(() => blobs.close());
  return { blobs, vectors, processor };
}

function composeApi(
  shared: Shared,
  stores: Stores,
  own: ReturnType<typeof healthRoutes>,
  closing: AbortSignal,
): App {
  const { config, access, logger, started, keys, redis, store, installation, metrics, queueOptions } = shared;
  const feed = shared.feed as JobFeed;
  const reader = new JobReader(store, feed);
  started.defer(() => reader.close());
  const uploads = shared.connect('uploads', 'ordered');
  const space = new FreeSpace(config.blobStore, [config.dataDir], config.minFreeBytes);
  shared.checks['disk'] = () => space.check();
  const services = {
    ...stores,
    access,
    space,
    redis,
    keys,
    store,
    feed,
    reader,
    metrics,
    installation,
    closing,
    limiter: shared.limiter,
    liveJobs: new LiveJobs(config.limits.liveJobs, redis, keys.active),
    logger,
    queue: new JobQueue(redis, keys, queueOptions),
    uploadQueue: new JobQueue(uploads, keys, queueOptions),
    uploadConnection: new UploadConnection(uploads, logger),
    registry: new DocumentRegistry(redis, keys),
    incomplete: new IncompleteDocuments(redis, keys, config.maxRetries),
  };
  const {
    maxUploadBytes: maxBytes,
    minUploadRate: leastRate,
    allowedOrigins,
    gatewayUrl,
    heartbeatMs,
  } = config;
  const publicPath = config.publicUrl?.pathname.replace(/\/+$/, '') ?? '';
  return createApp(services, own, {
    uploadLimits: { maxBytes, leastRate },
    clientOf: shared.clientOf,
    guard: shared.guard,
    allowedOrigins,
    settings: { gateway_url: gatewayUrl },
    publicPath,
    heartbeatMs,
    pageFolder: PAGE_FOLDER,
  });
}

async function composeWorker(shared: Shared, stores: Stores): Promise<void> {
  const { config, logger, started, keys, installation, queueOptions, connect, metrics } = shared;
  const { leaseMs, drainMs, workerConcurrency: concurrency, jobTtlSeconds } = config;
  const redis = connect('worker', 'retrying');
  installation.watch(redis);
  const ttlMs = jobTtlSeconds * 1000;
  const services = {
    ...stores,
    redis,
    keys,
    installation,
    logger,
    queue: new JobQueue(redis, keys, queueOptions),
    store: new JobStore(redis, keys),
    registry: new DocumentRegistry(redis, keys),
    restoration: new JobRestoration(redis, keys, jobTtlSeconds),
    epochs: new EpochTracker(redis, keys),
    counts: new ChunkCounts(redis, keys),
    incomplete: new IncompleteDocuments(redis, keys, config.maxRetries),
    cleanups: new CleanupLog(redis, keys, CHROMA_TIMEOUT_MS),
    tombstones: new Tombstones(redis, keys),
    waiter: connect('waiter', 'retrying'),
    subscriber: connect('cancellations', 'retrying'),
  };
  const manifests = new ManifestRestoration(services, ttlMs);
  const trashed = new Counter({
    name: 'sluice_originals_trashed_total',
    help: 'Originals that no store explained, moved to the trash.',
    registers: [metrics],
  });
  const worker = await startWorker(
    {
      ...services,
      uploads: new UploadRecovery(services),
      ends: new TombstoneSweep(services),
      orphans: new OrphanSweep({ ...services, manifests, trashed }, config.trashDays),
      ended: new EndedRecovery({ ...services, manifests }, ttlMs),
      comparison: new ChromaComparison(services, Math.min(leaseMs, MAX_COMPARED_EVERY_MS)),
    },
    { concurrency, leaseMs, drainMs },
  );
  started.defer(() => worker.close());
}

function composeGateway(shared: Shared, { server }: HttpServer): void {
  const { config, guard, access, logger, started, installation, checks, metrics: registry } = shared;
  const feed = shared.feed as JobFeed;
  const isRefused = () => installation.refusal !== undefined;
  const { heartbeatMs } = config;
  const { limiter, clientOf } = shared;
  const options = { isRefused, heartbeatMs, limiter, clientOf };
  const gateway = new Gateway({ feed, registry, access }, guard, logger, options);
  checks['gateway'] = async () => {
    if (!gateway.accepting) throw new Error('the gateway is draining');
  };
  gateway.attach(server);
  started.defer(() => gateway.close());
}

function required(name: string, url: string | undefined, roles: readonly Role[]): string {
  if (url !== undefined) return url;
  throw new ConfigError(
    `${name} is not set, and ${roles.join(' and ')} alone needs it; only a start without a role brings its own.`,
  );
}
