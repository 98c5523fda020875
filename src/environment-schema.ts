import { BlockList, isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import * as v from 'valibot';

import { readApiKeys } from './access/api-keys.ts';
import { configuredHost } from './access/host-name.ts';
import { dataPackage, isInstalled, namesOfInstalled } from './processor/ocr/languages.ts';

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

const urlOf = (...protocols: string[]) =>
  v.pipe(
    v.string(),
    v.check(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    ),
  );

const url = (...protocols: string[]) => v.optional(urlOf(...protocols));

/** Parses words separated by commas. */
const list = (isValid: (word: string) => boolean, message: string, fallback = '') =>
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
    fallback,
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

/** A secret that a service demands of its callers. */
const Secret = v.optional(
  v.pipe(v.string(), v.regex(/^[\x21-\x7e]{16,}$/, 'must be 16 or more visible ASCII characters')),
);

/** Validates the environment variables that configure Sluice. */
export const EnvironmentSchema = v.object({
  PORT: whole(8080, 0, 65_535),
  // A URL writes an IPv6 address in brackets. The system's calls take it without them.
  HOST: v.optional(
    v.pipe(
      v.string(),
      v.transform((host) => host.replace(/^\[(.+)\]$/, '$1')),
    ),
    '127.0.0.1',
  ),
  DATA_DIR: v.optional(v.string(), './.data'),
  REDIS_URL: url('redis:', 'rediss:'),
  REDIS_KEY_PREFIX: v.optional(
    v.pipe(v.string(), v.regex(/^[^\s*?[\]\\]*$/, 'may not hold spaces or pattern characters')),
    '',
  ),
  CHROMA_URL: url('http:', 'https:'),
  PROCESSOR_URL: url('http:', 'https:'),
  PROCESSOR_SECRET: Secret,
  KEYWORDS_URL: url('http:', 'https:'),
  KEYWORDS_SECRET: Secret,
  EMBEDDINGS_URL: url('http:', 'https:'),
  EMBEDDINGS_MODEL: v.optional(v.string()),
  EMBEDDINGS_API_KEY: v.optional(v.string()),
  KEYWORD_WEIGHT: v.optional(
    v.pipe(v.string(), v.regex(/^(0|1|0?\.\d+)$/, 'must be a number from 0 to 1'), v.transform(Number)),
  ),
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
  PUBLIC_URL: v.optional(
    v.pipe(
      urlOf('http:', 'https:'),
      v.transform((text) => new URL(text)),
      v.check(
        ({ href, origin, pathname }) => href === origin + pathname,
        'must be an origin and a path, such as https://example.com/sluice/',
      ),
    ),
  ),
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
  OCR_LANGUAGES: list(
    isInstalled,
    `must be installed languages, separated by commas: ${namesOfInstalled()}. Install another as the package ${dataPackage('LANGUAGE')}`,
    'eng',
  ),
  LEASE_MS: whole(30_000, 500),
  JOB_TTL_SECONDS: whole(7 * 24 * 60 * 60, 1),
  DRAIN_MS: whole(10_000, 0),
  WORKER_CONCURRENCY: whole(16, 1, 256),
  TRASH_DAYS: whole(7, 1),
  BLOB_STORE: v.optional(v.pipe(v.string(), v.regex(/^(?!s3:\/\/)/, 'must be a folder'))),
});

/** Name of an environment variable that configures Sluice. */
export type Setting = keyof typeof EnvironmentSchema.entries;
