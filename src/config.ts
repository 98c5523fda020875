import { resolve } from 'node:path';
import * as v from 'valibot';

import { isLoopback } from './access/host-name.ts';
import { EnvironmentSchema } from './environment-schema.ts';
import { findWrongNames } from './setting-names.ts';

/** Roles of a process. Several may share one. `all` supervises one process of each. */
export const ROLES = ['api', 'gateway', 'worker', 'processor', 'keywords'] as const;
export type Role = (typeof ROLES)[number];

/** Holds the validated settings of a process. */
export type Config = ReturnType<typeof loadConfig>;

/** Reports a configuration that cannot work. Its message tells the operator what to change. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Returns whether a host is this machine. Resolvers keep names below `localhost` on it. */
function isThisMachine(host: string): boolean {
  return isLoopback(host) || /\.localhost$/i.test(host);
}

/**
 * Excludes servers of this machine from a proxy that the environment names (`HTTP_PROXY`, with `NODE_USE_ENV_PROXY=1`),
 * because a proxy elsewhere cannot reach them. MUST run before the first request.
 * @param urls of any servers. `NO_PROXY` decides about those of other machines
 */
export function bypassProxy(urls: readonly (string | undefined)[]): void {
  const { env } = process;
  const hosts = urls
    .filter((url) => url !== undefined)
    .map((url) => new URL(url).hostname.replace(/^\[(.+)\]$/, '$1'));
  const direct = (env['no_proxy'] ?? env['NO_PROXY'] ?? '')
    .split(/[,\s]/)
    .concat(hosts.filter(isThisMachine));
  // Clients read the lower-case name first, for each request.
  env['no_proxy'] = env['NO_PROXY'] = [...new Set(direct)].filter(Boolean).join(',');
}

/**
 * Reads and validates the environment.
 * @throws {ConfigError} naming every variable that is wrong
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env) {
  // An empty variable counts as not set, because compose files and shells unset one that way.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = v.safeParse(EnvironmentSchema, given);
  const wrongNames = findWrongNames(Object.keys(given), Object.keys(EnvironmentSchema.entries));
  if (!parsed.success || wrongNames.length > 0) {
    const wrongValues = (parsed.issues ?? []).map(
      ({ path, message }) => `${String(path?.[0]?.key)}: ${message}`,
    );
    throw invalid([...wrongValues, ...wrongNames]);
  }
  const env = parsed.output;
  if (!isThisMachine(env.HOST) && env.ALLOW_ANONYMOUS !== '1' && env.API_KEYS === undefined) {
    throw invalid([
      `HOST: ${env.HOST} is open to others and no keys guard it. ` +
        'Use a loopback address, set API_KEYS, or set ALLOW_ANONYMOUS=1 in a network that you trust.',
    ]);
  }
  const dataDir = resolve(env.DATA_DIR);
  return {
    port: env.PORT,
    host: env.HOST,
    /** Absolute. Holds the lock, the embedded servers' data and, unless set elsewhere, the blobs. */
    dataDir,
    /** Absent if Sluice uses the embedded server. */
    redisUrl: env.REDIS_URL,
    redisKeyPrefix: env.REDIS_KEY_PREFIX,
    chromaUrl: env.CHROMA_URL,
    processorUrl: env.PROCESSOR_URL,
    /** Secret that the processor demands of its callers. Absent, it serves every caller. */
    processorSecret: env.PROCESSOR_SECRET,
    keywordsUrl: env.KEYWORDS_URL,
    /** Secret that the keyword index demands of its callers. Absent, it serves every caller. */
    keywordsSecret: env.KEYWORDS_SECRET,
    embeddings: env.EMBEDDINGS_URL
      ? { url: env.EMBEDDINGS_URL, model: env.EMBEDDINGS_MODEL ?? 'default', apiKey: env.EMBEDDINGS_API_KEY }
      : undefined,
    /** Share of the words in a hybrid score, 0..1. Absent, the embedding model decides. */
    keywordWeight: env.KEYWORD_WEIGHT,
    /** Address of a gateway that does not share the api's port, for browsers. */
    gatewayUrl: env.GATEWAY_URL,
    /** The API keys as JSON, or the path of their file. Absent, every caller has all scopes. */
    apiKeys: env.API_KEYS,
    /** Address of the api behind a proxy: origin and path prefix. Absent without a proxy. */
    publicUrl: env.PUBLIC_URL,
    /** Hosts that every port accepts beside loopback, `host` and the host of `publicUrl`. */
    allowedHosts: env.ALLOWED_HOSTS,
    allowedOrigins: env.ALLOWED_ORIGINS,
    /** Longest silence on a WebSocket, an event stream or a long poll, in ms. */
    heartbeatMs: env.HEARTBEAT_MS,
    maxUploadBytes: env.MAX_UPLOAD_BYTES,
    /** Proxies whose `X-Forwarded-For` names the client. */
    trustedProxies: env.TRUSTED_PROXIES,
    /** Limits of one client in one process. */
    limits: {
      requestsPerSecond: env.MAX_REQUESTS_PER_SECOND,
      bytesPerMinute: env.MAX_BYTES_PER_MINUTE,
      openBodies: env.MAX_OPEN_UPLOADS,
      sockets: env.MAX_SOCKETS,
      liveJobs: env.MAX_LIVE_JOBS,
    },
    /** Least rate of an upload, in bytes a second. */
    minUploadRate: env.MIN_UPLOAD_RATE,
    /** Free space that uploads and backups leave on the disk, in bytes; absent for the default. */
    minFreeBytes: env.MIN_FREE_BYTES,
    maxTextChars: env.MAX_TEXT_CHARS,
    maxRetries: env.MAX_RETRIES,
    processorTimeoutMs: env.PROCESSOR_TIMEOUT_MS,
    processorChildren: env.PROCESSOR_CHILDREN,
    /** Languages that OCR reads, by Tesseract's names. Their data is installed. */
    ocrLanguages: env.OCR_LANGUAGES,
    leaseMs: env.LEASE_MS,
    /** Time that Sluice keeps an ended job. */
    jobTtlSeconds: env.JOB_TTL_SECONDS,
    drainMs: env.DRAIN_MS,
    workerConcurrency: env.WORKER_CONCURRENCY,
    /** Days that the trash keeps files that no store explains. */
    trashDays: env.TRASH_DAYS,
    /** Absolute path of the folder that holds the uploaded originals. */
    blobStore: env.BLOB_STORE ? resolve(env.BLOB_STORE) : resolve(dataDir, 'blobs'),
  };
}

function invalid(faults: readonly string[]): ConfigError {
  return new ConfigError(
    `The configuration is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  );
}

/** Returns the variables of this process's environment that a child may have. */
export function childEnvironment(may: (name: string) => boolean): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => may(name));
  return Object.fromEntries(own) as Record<string, string>;
}

/**
 * Parses the names of roles. No name means `all`.
 * @param args the program's arguments, e.g. `['api', 'gateway']`
 * @throws {ConfigError} for another word
 */
export function parseRoles(args: readonly string[]): readonly Role[] | 'all' {
  if (args.length === 0 || (args.length === 1 && args[0] === 'all')) return 'all';
  const unknown = args.find((word) => !(ROLES as readonly string[]).includes(word));
  if (unknown !== undefined) {
    throw new ConfigError(`There is no role "${unknown}". Name one of: ${ROLES.join(', ')}, all.`);
  }
  return [...new Set(args as Role[])];
}
