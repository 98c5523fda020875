import { BlockList, isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import * as v from 'valibot';

import { readApiKeys } from './access/api-keys.ts';
import { configuredHost } from './access/host-name.ts';
import { findWrongNames } from './setting-names.ts';

/** What one process can be; several may share one, and `all` supervises one of each. */
export const ROLES = ['api', 'gateway', 'worker', 'processor'] as const;
export type Role = (typeof ROLES)[number];

const wholeNumber = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );

const whole = (fallback: number, min: number, max?: number) =>
  v.optional(wholeNumber(min, max), String(fallback));

const url = (...protocols: string[]) =>
  v.optional(
    v.pipe(
      v.string(),
      v.check(
        (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
        `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
      ),
    ),
  );

/** Parses words separated by commas. */
const list = (isValid: (word: string) => boolean, message: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.transform((text) =>
        text
          .split(',')
          .map((word) => word.trim())
          .filter(Boolean),
      ),
      v.everyItem(isValid, message),
    ),
    '',
  );

/** Returns the fault of the API keys; `undefined` for valid ones. An empty list would lock every client out. */
function apiKeysFault(setting: string): string | undefined {
  try {
    return readApiKeys(setting).length === 0 ? 'holds no key: unset it, or add one' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
/** Parses networks (CIDR) and single addresses, separated by commas. */
const TrustedProxies = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const networks = new BlockList();
    for (const entry of dataset.value.split(',').map((part) => part.trim())) {
      if (entry === '') continue;
      const [address = '', prefix] = entry.split('/');
      const version = isIP(address);
      const bits = version === 4 ? 32 : 128;
      const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
      if (version === 0 || length > bits) {
        addIssue({ message: `"${entry}" is no address and no network like 10.0.0.0/8` });
        return NEVER;
      }
      networks.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
    }
    return networks;
  }),
);

const EnvironmentSchema = v.object({
  PORT: whole(8080, 0, 65_535),
  // A URL writes an IPv6 address in brackets. The system's calls take it without them.
  HOST: v.optional(
    v.pipe(
      v.string(),
      v.transform((host) => host.replace(/^\[(.+)\]$/, '$1')),
      v.minLength(1),
    ),
    '127.0.0.1',
  ),
  DATA_DIR: v.optional(v.pipe(v.string(), v.minLength(1)), './.data'),
  REDIS_URL: url('redis:', 'rediss:'),
  REDIS_KEY_PREFIX: v.optional(
    v.pipe(v.string(), v.regex(/^[^\s*?[\]\\]*$/, 'may not hold spaces or pattern characters')),
    '',
  ),
  CHROMA_URL: url('http:', 'https:'),
  PROCESSOR_URL: url('http:', 'https:'),
  PROCESSOR_SECRET: v.optional(
    v.pipe(v.string(), v.regex(/^[\x21-\x7e]{16,}$/, 'must be 16 or more visible ASCII characters')),
  ),
  EMBEDDINGS_URL: url('http:', 'https:'),
  EMBEDDINGS_MODEL: v.optional(v.string()),
  EMBEDDINGS_API_KEY: v.optional(v.string()),
  GATEWAY_URL: url('ws:', 'wss:'),
  API_KEYS: v.optional(
    v.pipe(
      v.string(),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const fault = apiKeysFault(dataset.value);
        if (fault !== undefined) addIssue({ message: fault });
      }),
    ),
  ),
  PUBLIC_URL: url('http:', 'https:'),
  HEARTBEAT_MS: whole(15_000, 1000, 60_000),
  ALLOWED_HOSTS: list(
    (host) => configuredHost(host) !== undefined,
    'must be host names or addresses without a scheme or path, separated by commas',
  ),
  ALLOWED_ORIGINS: list(
    (origin) => /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*]+$/.test(origin),
    'must be origins such as https://app.example, without a path, separated by commas',
  ),
  ALLOW_ANONYMOUS: v.optional(v.picklist(['0', '1'], 'must be 0 or 1'), '0'),
  MAX_UPLOAD_BYTES: whole(200 * 1024 * 1024, 1),
  TRUSTED_PROXIES: v.optional(TrustedProxies),
  // A page that polls 1,000 jobs every 2 s sends 500. An api process serves several thousand.
  MAX_REQUESTS_PER_SECOND: whole(1000, 1),
  // A gigabit line carries 7 GB a minute.
  MAX_BYTES_PER_MINUTE: whole(10 * 1024 ** 3, 1),
  // A browser opens 6. Each takes three descriptors, so one client takes at most 768.
  MAX_OPEN_UPLOADS: whole(256, 1),
  // Enough for an office behind one address.
  MAX_SOCKETS: whole(2000, 1),
  // Ten times the 1,000 files that one browser drops at once.
  MAX_LIVE_JOBS: whole(10_000, 1),
  // In bytes a second. The slowest mobile lines carry four times as much.
  MIN_UPLOAD_RATE: whole(1024, 0),
  MIN_FREE_BYTES: v.optional(wholeNumber(0)),
  MAX_TEXT_CHARS: whole(20_000_000, 1),
  MAX_RETRIES: whole(3, 0, 100),
  PROCESSOR_TIMEOUT_MS: whole(30_000, 100),
  PROCESSOR_CHILDREN: whole(availableParallelism() + 1, 1, 256),
  LEASE_MS: whole(30_000, 500),
  JOB_TTL_SECONDS: whole(7 * 24 * 60 * 60, 1),
  DRAIN_MS: whole(10_000, 0),
  WORKER_CONCURRENCY: whole(16, 1, 256),
  TRASH_DAYS: whole(7, 1),
  BLOB_STORE: v.optional(v.pipe(v.string(), v.minLength(1))),
});

/** Everything that can be set from outside, read once and validated. */
export interface Config {
  port: number;
  host: string;
  /** Absolute. Holds the lock, the embedded servers' data and, unless set elsewhere, the blobs. */
  dataDir: string;
  /** Absent where the embedded server is used. */
  redisUrl: string | undefined;
  redisKeyPrefix: string;
  chromaUrl: string | undefined;
  processorUrl: string | undefined;
  /** Secret that the processor demands of its callers; absent for an open one. */
  processorSecret: string | undefined;
  embeddings: { url: string; model: string; apiKey: string | undefined } | undefined;
  /** Where browsers find the gateway, when it does not share the api's port. */
  gatewayUrl: string | undefined;
  /** The API keys as JSON, or the path of their file. Absent, every caller has all scopes. */
  apiKeys: string | undefined;
  /** Hosts that every port accepts beside loopback, `host` and the host of `publicUrl`. */
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  /** Address of the api behind a proxy: origin and path prefix. Absent without a proxy. */
  publicUrl: URL | undefined;
  /** Longest silence on a WebSocket, an event stream or a long poll, in ms. */
  heartbeatMs: number;
  maxUploadBytes: number;
  /** Proxies whose `X-Forwarded-For` names the client. */
  trustedProxies: BlockList | undefined;
  /** Limits of one client in one process. */
  limits: {
    requestsPerSecond: number;
    bytesPerMinute: number;
    openBodies: number;
    sockets: number;
    liveJobs: number;
  };
  /** Least rate of an upload, in bytes a second. */
  minUploadRate: number;
  /** Free space that uploads and backups leave on the disk, in bytes; absent for the default. */
  minFreeBytes: number | undefined;
  maxTextChars: number;
  maxRetries: number;
  processorTimeoutMs: number;
  processorChildren: number;
  leaseMs: number;
  /** How long a job is kept once it has ended. */
  jobTtlSeconds: number;
  drainMs: number;
  workerConcurrency: number;
  /** Days that the trash keeps files that no store explains. */
  trashDays: number;
  /** Absolute path of the folder that holds the uploaded originals. */
  blobStore: string;
}

/** Thrown by {@link loadConfig}; its message names every wrong value, one a line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  // An IPv6 address has many spellings, such as `0::1`. A URL reduces them to one.
  if (isIP(host) === 6) return /^\[::(1|ffff:7f..:.+)\]$/.test(new URL(`http://[${host}]`).hostname);
  return /^(.+\.)?localhost$/i.test(host);
}

/**
 * Excludes servers of this machine from a proxy that the environment names (`HTTP_PROXY`, with `NODE_USE_ENV_PROXY=1`),
 * because a proxy elsewhere cannot reach them. MUST run before the first request.
 * @param urls servers of this machine or another. `NO_PROXY` decides about those of another
 */
export function bypassProxy(urls: readonly (string | undefined)[]): void {
  const { env } = process;
  const hosts = urls
    .filter((url) => url !== undefined)
    .map((url) => new URL(url).hostname.replace(/^\[(.+)\]$/, '$1'));
  const direct = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[,\s]/).concat(hosts.filter(isLoopback));
  // Clients read the lower-case name first, for each request.
  env['no_proxy'] = env['NO_PROXY'] = [...new Set(direct)].filter(Boolean).join(',');
}

/**
 * Reads and validates the environment.
 * @throws {ConfigError} naming every variable that is wrong
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  // A variable set to nothing counts as not set: that is how compose files and shells unset one.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = v.safeParse(EnvironmentSchema, given);
  const wrongNames = findWrongNames(Object.keys(given), Object.keys(EnvironmentSchema.entries));
  if (!parsed.success || wrongNames.length > 0) {
    const wrongValues = (parsed.issues ?? []).map(
      ({ path, message }) => `${String(path?.[0]?.key)}: ${message}`,
    );
    const lines = [...wrongValues, ...wrongNames].map((line) => `  ${line}`);
    throw new ConfigError(`The configuration is not valid:\n${lines.join('\n')}`);
  }
  const env = parsed.output;
  if (!isLoopback(env.HOST) && env.ALLOW_ANONYMOUS !== '1' && env.API_KEYS === undefined) {
    throw new ConfigError(
      `The configuration is not valid:\n  HOST: ${env.HOST} is open to others and no keys guard it. ` +
        'Use a loopback address, set API_KEYS, or set ALLOW_ANONYMOUS=1 where a network you trust does the guarding.',
    );
  }
  if (env.BLOB_STORE?.startsWith('s3://')) {
    throw new ConfigError('The configuration is not valid:\n  BLOB_STORE: must be a folder');
  }
  const publicUrl = env.PUBLIC_URL === undefined ? undefined : new URL(env.PUBLIC_URL);
  if (publicUrl && publicUrl.href !== publicUrl.origin + publicUrl.pathname) {
    throw new ConfigError(
      'The configuration is not valid:\n  PUBLIC_URL: must be an origin and a path, such as https://example.com/sluice/',
    );
  }
  const dataDir = resolve(env.DATA_DIR);
  return {
    port: env.PORT,
    host: env.HOST,
    dataDir,
    redisUrl: env.REDIS_URL,
    redisKeyPrefix: env.REDIS_KEY_PREFIX,
    chromaUrl: env.CHROMA_URL,
    processorUrl: env.PROCESSOR_URL,
    processorSecret: env.PROCESSOR_SECRET,
    embeddings: env.EMBEDDINGS_URL
      ? { url: env.EMBEDDINGS_URL, model: env.EMBEDDINGS_MODEL ?? 'default', apiKey: env.EMBEDDINGS_API_KEY }
      : undefined,
    gatewayUrl: env.GATEWAY_URL,
    apiKeys: env.API_KEYS,
    publicUrl,
    allowedHosts: env.ALLOWED_HOSTS,
    allowedOrigins: env.ALLOWED_ORIGINS,
    heartbeatMs: env.HEARTBEAT_MS,
    maxUploadBytes: env.MAX_UPLOAD_BYTES,
    trustedProxies: env.TRUSTED_PROXIES,
    limits: {
      requestsPerSecond: env.MAX_REQUESTS_PER_SECOND,
      bytesPerMinute: env.MAX_BYTES_PER_MINUTE,
      openBodies: env.MAX_OPEN_UPLOADS,
      sockets: env.MAX_SOCKETS,
      liveJobs: env.MAX_LIVE_JOBS,
    },
    minUploadRate: env.MIN_UPLOAD_RATE,
    minFreeBytes: env.MIN_FREE_BYTES,
    maxTextChars: env.MAX_TEXT_CHARS,
    maxRetries: env.MAX_RETRIES,
    processorTimeoutMs: env.PROCESSOR_TIMEOUT_MS,
    processorChildren: env.PROCESSOR_CHILDREN,
    leaseMs: env.LEASE_MS,
    jobTtlSeconds: env.JOB_TTL_SECONDS,
    drainMs: env.DRAIN_MS,
    workerConcurrency: env.WORKER_CONCURRENCY,
    trashDays: env.TRASH_DAYS,
    blobStore: env.BLOB_STORE ? resolve(env.BLOB_STORE) : resolve(dataDir, 'blobs'),
  };
}

/** Name of an environment variable that configures Sluice. */
export type Setting = keyof typeof EnvironmentSchema.entries;

/** Returns the variables of this process's environment that a child may have. */
export function childEnvironment(may: (name: string) => boolean): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => may(name));
  return Object.fromEntries(own) as Record<string, string>;
}

/**
 * Reads which roles the program was asked for: none means `all`.
 * @param args the program's arguments, e.g. `['api', 'gateway']`
 * @throws {ConfigError} for a word that is no role
 */
export function parseRoles(args: readonly string[]): readonly Role[] | 'all' {
  if (args.length === 0 || (args.length === 1 && args[0] === 'all')) return 'all';
  const unknown = args.find((word) => !(ROLES as readonly string[]).includes(word));
  if (unknown !== undefined) {
    throw new ConfigError(`There is no role "${unknown}". The roles: ${ROLES.join(', ')}, all.`);
  }
  return [...new Set(args as Role[])];
}
