import { childEnvironment, ROLES, type Role } from '../config.ts';
import type { Setting } from '../environment-schema.ts';

const JOB_ROLES = ['api', 'gateway', 'worker'] as const;

/** Roles that read each setting. The others do not get it, so that a compromised role reveals less. */
const READERS: Record<Setting, readonly Role[]> = {
  PORT: ROLES,
  HOST: ROLES,
  DATA_DIR: ROLES,
  REDIS_URL: JOB_ROLES,
  REDIS_KEY_PREFIX: JOB_ROLES,
  CHROMA_URL: ['api', 'worker'],
  PROCESSOR_URL: ['api', 'worker'],
  PROCESSOR_SECRET: ['api', 'worker', 'processor'],
  KEYWORDS_URL: ['api', 'worker'],
  KEYWORDS_SECRET: ['api', 'worker', 'keywords'],
  EMBEDDINGS_URL: ['processor'],
  EMBEDDINGS_MODEL: ['processor'],
  EMBEDDINGS_API_KEY: ['processor'],
  KEYWORD_WEIGHT: ['api'],
  GATEWAY_URL: ['api'],
  PUBLIC_URL: ROLES,
  ALLOWED_HOSTS: ROLES,
  ALLOWED_ORIGINS: ROLES,
  API_KEYS: JOB_ROLES,
  HEARTBEAT_MS: ['api', 'gateway'],
  TRUSTED_PROXIES: ['api', 'gateway'],
  MAX_REQUESTS_PER_SECOND: ['api'],
  MAX_BYTES_PER_MINUTE: ['api'],
  MAX_OPEN_UPLOADS: ['api'],
  MAX_SOCKETS: ['api', 'gateway'],
  MAX_LIVE_JOBS: ['api'],
  MIN_UPLOAD_RATE: ['api'],
  ALLOW_ANONYMOUS: ROLES,
  MAX_UPLOAD_BYTES: ['api', 'processor'],
  MIN_FREE_BYTES: ['api'],
  MAX_TEXT_CHARS: ['api', 'worker', 'processor'],
  MAX_RETRIES: JOB_ROLES,
  PROCESSOR_TIMEOUT_MS: ['api', 'worker', 'processor'],
  PROCESSOR_CHILDREN: ['processor'],
  OCR_LANGUAGES: ['processor'],
  LEASE_MS: JOB_ROLES,
  JOB_TTL_SECONDS: JOB_ROLES,
  DRAIN_MS: ['worker'],
  WORKER_CONCURRENCY: ['worker'],
  TRASH_DAYS: ['worker'],
  BLOB_STORE: JOB_ROLES,
};

/** Variables that every program may need: paths of programs, libraries and files, the time zone, the language. */
const SYSTEM = /^(PATH|HOME|TZ|TMPDIR|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|LD_PRELOAD)$/;
/** Variables of Node (without npm's token), of terminals and of certificates. */
const NODE = /^(NODE_(?!AUTH_TOKEN$)\w+|SSL_CERT_FILE|SSL_CERT_DIR|TERM|NO_COLOR|FORCE_COLOR)$/;
/** A proxy's URL may hold a password. The gateway calls nothing over HTTP. */
const PROXY = /^(HTTP_PROXY|HTTPS_PROXY|NO_PROXY)$/i;
const PROXIED: readonly Role[] = ['api', 'worker', 'processor'];

/** Returns the environment of an embedded server that is no Node program. It holds no setting of Sluice. */
export function systemEnvironment(): Record<string, string> {
  return childEnvironment((name) => SYSTEM.test(name));
}

/** Returns the environment of an embedded server that is a Node program. It holds no setting of Sluice. */
export function nodeEnvironment(): Record<string, string> {
  return childEnvironment((name) => SYSTEM.test(name) || NODE.test(name));
}

/**
 * Returns the environment of a process with these roles: the settings that they read, and the system's variables.
 * @param chosen settings that replace this process's own
 */
export function roleEnvironment(
  roles: readonly Role[],
  chosen: Partial<Record<Setting, string>>,
): Record<string, string> {
  const reads = (readers: readonly Role[]) => readers.some((reader) => roles.includes(reader));
  const readers: Record<string, readonly Role[]> = READERS;
  const mayHave = (name: string) =>
    SYSTEM.test(name) ||
    NODE.test(name) ||
    (PROXY.test(name) && reads(PROXIED)) ||
    (Object.hasOwn(readers, name) && reads(readers[name] ?? []));
  const own = childEnvironment(mayHave);
  return { ...own, ...Object.fromEntries(Object.entries(chosen).filter(([name]) => mayHave(name))) };
}
