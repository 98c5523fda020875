import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { on } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { isInline } from '../access/api-keys.ts';
import { type Config, ConfigError, type Role } from '../config.ts';
import type { Setting } from '../environment-schema.ts';
import type { Logger } from '../logging/logger.ts';
import { logWait } from '../logging/log-wait.ts';
import { banner, browserUrl } from './banner.ts';
import { embeddedChroma } from './servers/chroma.ts';
import { DataLock, UNFINISHED } from './lock.ts';
import { nodeFlags } from './node-flags.ts';
import { chooseHiddenAddress, choosePorts, listenError } from './servers/ports.ts';
import { roleEnvironment } from './process-environment.ts';
import { embeddedRedis } from './servers/redis.ts';
import { isReadyMessage } from './role-process.ts';
import { Service, type ServiceSpec } from './service.ts';
import { STOP_GRACE_MS, STOP_ORDER } from './stop-order.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const LOOPBACK = '127.0.0.1';
const SECRET_BYTES = 32;
/** A role's own drain ends before its supervisor stops it. */
const DRAIN_MARGIN_MS = 1000;
/** Longest wait of the banner for Chroma, in ms. A healthy one is up in a second, even on a busy machine. */
const CHROMA_WAIT_MS = 15_000;

/** Controls the processes of `npm start`. */
export interface Supervision {
  /**
   * Resolves once the API serves, or after an earlier `close`.
   * @throws {ConfigError} for a fault that no restart cures. It leaves no process running
   */
  started: Promise<void>;
  /** Tells the roles to read the file of API keys again; absent without such a file. */
  reload: (() => void) | undefined;
  /** Stops the roles, then the embedded servers; takes less than 10 s and leaves no process. */
  close(): Promise<void>;
}

/**
 * Runs every role and the embedded servers they need as child processes, and restarts those that end.
 * @param entry the program to run the roles with
 */
export function startAll(config: Config, logger: Logger, entry = MAIN): Supervision {
  const services: Service[] = [];
  const closing = new AbortController();
  const locked = DataLock.acquire(config.dataDir, logger);

  const run = (lock: DataLock, spec: ServiceSpec): Service => {
    closing.signal.throwIfAborted();
    const service = new Service(spec, lock, logger);
    services.push(service);
    return service;
  };

  const start = async () => {
    const logs = join(config.dataDir, 'logs');
    const lock = await logWait(locked, 'processes that an earlier run left behind', logger);
    if (existsSync(join(config.dataDir, UNFINISHED))) {
      throw new ConfigError(
        `A restore into DATA_DIR ${config.dataDir} was cut off: empty it, and restore again.`,
      );
    }
    const { port, ports, chromaAddress } = await chooseAddresses(config);
    const ownRedis = embeddedRedis(config.dataDir, ports.redis);
    const ownChroma = embeddedChroma(config.dataDir, chromaAddress);
    const redisUrl = config.redisUrl ?? ownRedis.url;
    const chromaUrl = config.chromaUrl ?? ownChroma.url;
    const processorUrl = config.processorUrl ?? `http://${LOOPBACK}:${ports.processor}`;
    const keywordsUrl = config.keywordsUrl ?? `http://${LOOPBACK}:${ports.keywords}`;
    // An operator's own service has a secret only if the operator sets one.
    const ownSecret = (url: string | undefined) =>
      url === undefined ? randomBytes(SECRET_BYTES).toString('base64url') : undefined;
    const processorSecret = config.processorSecret ?? ownSecret(config.processorUrl);
    const keywordsSecret = config.keywordsSecret ?? ownSecret(config.keywordsUrl);

    const redis = config.redisUrl ? undefined : run(lock, ownRedis);
    const chroma = config.chromaUrl ? undefined : run(lock, ownChroma);
    if (redis) await logWait(redis.ready, `Redis to read its data (${logs}/redis.log)`, logger);
    lock.announce({
      ...(redis && { redis_url: redisUrl }),
      ...(chroma && { chroma_url: chromaUrl }),
      key_prefix: config.redisKeyPrefix,
      blob_store: config.blobStore,
    });

    let refused = false;
    const role = (roles: Role[], host: string, port: number) =>
      roleProcess(entry, roles, (isRefused) => (refused ||= isRefused), {
        HOST: host,
        PORT: String(port),
        REDIS_URL: redisUrl,
        CHROMA_URL: chromaUrl,
        PROCESSOR_URL: processorUrl,
        ...(processorSecret !== undefined && { PROCESSOR_SECRET: processorSecret }),
        KEYWORDS_URL: keywordsUrl,
        ...(keywordsSecret !== undefined && { KEYWORDS_SECRET: keywordsSecret }),
        DRAIN_MS: String(Math.min(config.drainMs, STOP_GRACE_MS.role - DRAIN_MARGIN_MS)),
      });
    // Does not wait for the processor, which loads its model, because only jobs need it.
    if (!config.processorUrl) run(lock, role(['processor'], LOOPBACK, ports.processor));
    if (!config.keywordsUrl) run(lock, role(['keywords'], LOOPBACK, ports.keywords));
    const api = run(lock, role(['api', 'gateway'], config.host, port));
    await logWait(api.ready, 'the api to serve', logger);
    run(lock, role(['worker'], LOOPBACK, ports.worker));

    // Sluice serves without Chroma. Only the banner waits for it, because it reports whether Chroma serves.
    const chromaReady = Promise.race([
      chroma?.ready.then(
        () => true,
        () => false,
      ) ?? true,
      sleep(CHROMA_WAIT_MS, false, { ref: false }),
    ]);
    const chromaServes = await logWait(chromaReady, `Chroma to serve (${logs}/chroma.log)`, logger);
    closing.signal.throwIfAborted();
    process.stdout.write(
      banner(
        browserUrl(config.host, port),
        config.dataDir,
        [
          {
            name: 'redis',
            url: redisUrl,
            embedded: !config.redisUrl,
            passwordFile: config.redisUrl ? undefined : ownRedis.configFile,
          },
          {
            name: 'chroma',
            url: chromaUrl,
            embedded: !config.chromaUrl,
            note: chromaServes ? undefined : 'away: uploads wait for it, search does not work',
          },
          { name: 'keywords', url: keywordsUrl, embedded: !config.keywordsUrl },
          { name: 'processor', url: processorUrl, embedded: !config.processorUrl },
        ],
        refused,
      ),
    );
  };

  const stop = async () => {
    closing.abort();
    const lock = await locked.catch(() => undefined);
    for (const kind of STOP_ORDER) {
      const ofKind = services.filter(({ spec }) => spec.kind === kind);
      await Promise.all(ofKind.map((service) => service.stop()));
    }
    lock?.release();
  };
  let stopped: Promise<void> | undefined;
  const close = () => (stopped ??= stop());

  // An exit that does not wait for `close`, such as a second Ctrl-C, must leave no process behind.
  process.once('exit', () => {
    for (const service of services) service.kill();
  });

  const started = start().catch(async (error: unknown) => {
    const asked = closing.signal.aborted;
    await close();
    if (!asked) throw error;
  });
  const guarded = () => services.filter(({ spec }) => spec.kind === 'role' && spec.name !== 'processor');
  const hasFile = config.apiKeys !== undefined && !isInline(config.apiKeys);
  const reload = hasFile ? () => guarded().forEach((service) => service.signal('SIGHUP')) : undefined;
  return { started, reload, close };
}

/** Chooses all addresses once, so that a restarted process keeps its address. */
async function chooseAddresses(config: Config) {
  const failure = config.port === 0 ? undefined : await listenError(config.port, config.host);
  if (failure) throw new ConfigError(`PORT and HOST cannot be used: ${failure}`);
  const ports = await choosePorts(config.port === 0 ? undefined : config.port + 1, [
    'redis',
    'processor',
    'worker',
    'keywords',
    'api',
  ]);
  return {
    ports,
    port: config.port === 0 ? ports.api : config.port,
    chromaAddress: await chooseHiddenAddress(),
  };
}

function roleProcess(
  entry: string,
  roles: Role[],
  onReady: (refused: boolean) => void,
  settings: Partial<Record<Setting, string>>,
): ServiceSpec {
  return {
    // Roles write to the index until they stop, so it stops after them, as a server.
    kind: roles.includes('keywords') ? 'server' : 'role',
    name: roles.join('+'),
    required: roles.includes('api'),
    // A group of its own, so that nothing a role has started outlives it.
    spawn: () =>
      spawn(process.execPath, [...nodeFlags(roles), entry, ...roles], {
        detached: true,
        env: roleEnvironment(roles, settings),
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    ready: async (child, signal) => {
      for await (const [message] of on(child, 'message', { signal })) {
        if (isReadyMessage(message)) return onReady(message.refused === true);
      }
    },
  };
}
