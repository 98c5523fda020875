import { join } from 'node:path';
import { Hono } from 'hono';

import { authorizeRequests, type AccessEnvironment } from '../access/authorize-requests.ts';
import { Keyring } from '../access/keyring.ts';
import { guardRequests } from '../access/guard-requests.ts';
import { ConfigError, type Config, type Role } from '../config.ts';
import { ROUTE_RULES } from '../http/route-rules.ts';
import { healthRoutes } from '../http/routes/health.ts';
import { metricsRoutes } from '../http/routes/metrics.ts';
import { upgradeRequiredRoutes } from '../http/routes/upgrade-required.ts';
import { closeAfterResponse, startServer } from '../http/server.ts';
import { startKeywords } from '../keywords/server.ts';
import type { Logger } from '../logging/logger.ts';
import { startProcessor } from '../processor/server.ts';
import { composeApi, type App } from './api.ts';
import { composeGateway } from './gateway.ts';
import { guardFor } from './guard-for.ts';
import { share } from './shared.ts';
import { openStores } from './stores.ts';
import { composeWorker } from './worker.ts';

/** Time in ms that HTTP responses get once the process must stop. */
const HTTP_GRACE_MS = 2000;

/** Longest wait of a started role for the first comparison of the stores, in ms. */
const COMPARED_WITHIN_MS = 10_000;

/** A running set of roles. */
export interface Running {
  /** Port that it listens on. */
  port: number;
  /** Returns the fault that the operator must repair, once the stores were compared; `undefined` for none. */
  refusal(): Promise<string | undefined>;
  /** Reads the file of API keys again; absent without such a file. */
  reload: (() => void) | undefined;
  /** Stops everything, the last started first. */
  close(): Promise<void>;
}

/**
 * Starts roles in this process and wires them together.
 * @throws {ConfigError} if a URL that the roles need is not set
 */
export async function startRoles(roles: readonly Role[], config: Config, logger: Logger): Promise<Running> {
  // Stops the started parts, last first, if a later step throws.
  await using starting = new AsyncDisposableStack();
  const service = roles.find((role) => role === 'processor' || role === 'keywords');
  if (service !== undefined && roles.length > 1)
    throw new ConfigError(`The role ${service} is a process of its own: start it without other roles.`);
  const running = service
    ? await startService(service, config, logger, starting)
    : await startJobRoles(roles, config, logger, starting);
  const started = starting.move();
  return { ...running, close: () => started.disposeAsync() };
}

/** Starts a role that uses neither Redis nor Chroma, in a process of its own. */
async function startService(
  role: 'processor' | 'keywords',
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<Omit<Running, 'close'>> {
  const { host, port, dataDir } = config;
  const common = { host, port, guard: guardFor(config, logger), logger };
  const service =
    role === 'keywords'
      ? await startKeywords({ ...common, folder: join(dataDir, 'keywords'), secret: config.keywordsSecret })
      : await startProcessor({
          ...common,
          tmpDir: join(dataDir, 'processor'),
          children: config.processorChildren,
          timeoutMs: config.processorTimeoutMs,
          maxTextChars: config.maxTextChars,
          maxUploadBytes: config.maxUploadBytes,
          ocrLanguages: config.ocrLanguages,
          embeddings: config.embeddings,
          secret: config.processorSecret,
        });
  started.defer(() => service.close());
  return { port: service.port, refusal: async () => undefined, reload: undefined };
}

async function startJobRoles(
  roles: readonly Role[],
  config: Config,
  logger: Logger,
  started: AsyncDisposableStack,
): Promise<Omit<Running, 'close'>> {
  const keyring = config.apiKeys === undefined ? undefined : new Keyring(config.apiKeys, logger);
  const shared = await share(roles, config, keyring, logger, started);
  const closing = new AbortController();
  const own = healthRoutes(shared.checks, shared.dependencies);
  if (roles.includes('gateway')) own.route('/', upgradeRequiredRoutes(logger));
  let app: App = new Hono<AccessEnvironment>()
    .use(guardRequests(shared.guard, closeAfterResponse))
    .use(authorizeRequests(shared.access, ROUTE_RULES))
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
