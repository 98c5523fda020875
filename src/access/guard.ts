import type { IncomingMessage } from 'node:http';

import type { Logger } from '../logging/logger.ts';
import { configuredHost, hostName, isLoopback } from './host-name.ts';

/** Number of refused hosts and origins that the log names. A stranger can invent more without end. */
const MAX_NAMED = 100;
/** Longest host or origin in a log line, in characters. */
const MAX_NAME_CHARS = 255;

const HOST_REFUSED = 'refused a request for its Host';

/** Values of `Sec-Fetch-Site` that a page of another site cannot cause. */
const OWN_SITES: readonly unknown[] = [undefined, 'same-origin', 'none'];

/** Reason of a refusal: a code of `contract/error-codes.ts`. */
export type Refusal = 'host_forbidden' | 'origin_forbidden';

type GuardedRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>;

/**
 * Checks the headers of each request. Every port asks the guard first, because a browser lets any page call this
 * machine. A foreign name can also resolve to its address (DNS rebinding).
 */
export class Guard {
  readonly #hosts: ReadonlySet<string | undefined>;
  readonly #origins: ReadonlySet<string>;
  readonly #logger: Logger;
  readonly #named = new Set<string>();

  /**
   * @param hosts hosts that this server accepts beside loopback
   * @param origins pages of other sites that may call
   */
  constructor(hosts: readonly string[], origins: readonly string[], logger: Logger) {
    this.#hosts = new Set(hosts.map(configuredHost));
    this.#origins = new Set(origins);
    this.#logger = logger;
  }

  /**
   * Checks Host, then Origin, then Sec-Fetch-Site.
   * @param isStatic true for a file of the web page, because it is public and links lead to it
   * @returns the reason of a refusal, logged with its cure the first time; `undefined` to let the request pass
   */
  refusal({ headers, rawHeaders, url = '/' }: GuardedRequest, isStatic = false): Refusal | undefined {
    // Node keeps the first Host and drops the others. A proxy may have routed by another one (RFC 9112, section 3.2).
    const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && /^host$/i.test(name));
    if (hosts.length > 1) {
      this.#logOnce(
        HOST_REFUSED,
        'several',
        'Have the client, or the proxy before it, send one Host header.',
      );
      return 'host_forbidden';
    }
    const { host } = headers;
    if (!this.#isOurs(host)) return this.#refuseHost(host);
    // A request target with a scheme names its own host, which overrides the header.
    if (!url.startsWith('/') && URL.canParse(url) && !this.#isOurs(new URL(url).host)) {
      return this.#refuseHost(new URL(url).host);
    }
    const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
    // Such a page may also import the SDK.
    if (origin !== undefined && this.#origins.has(origin)) return undefined;
    if (isStatic) {
      if (OWN_SITES.includes(site) || mode === 'navigate') return undefined;
    } else if (isSameHost(origin, host) && OWN_SITES.includes(site)) return undefined;
    return this.#refuseOrigin(origin, String(site));
  }

  #isOurs(host: string | undefined): boolean {
    const name = host === undefined ? undefined : hostName(host);
    return name !== undefined && (isLoopback(name) || this.#hosts.has(name));
  }

  #refuseHost(host: string | undefined): Refusal {
    const name = host === undefined ? undefined : (hostName(host) ?? host);
    const cure = !name
      ? 'Have the client send a Host header.'
      : `If it is a name of this server, set ALLOWED_HOSTS=${printable(name)}`;
    this.#logOnce(HOST_REFUSED, name, cure);
    return 'host_forbidden';
  }

  #refuseOrigin(origin: string | undefined, site: string): Refusal {
    const isNamed = origin !== undefined && isWebOrigin(origin);
    const cure = !isNamed
      ? 'A page of another site called. Name its origin in ALLOWED_ORIGINS, and let it use CORS.'
      : `If its pages may call this server, set ALLOWED_ORIGINS=${printable(origin)}. If it is this server behind a proxy, set PUBLIC_URL.`;
    this.#logOnce('refused a request for its Origin', origin ?? `none,Sec-Fetch-Site=${site}`, cure);
    return 'origin_forbidden';
  }

  #logOnce(message: string, value = 'none', cure: string): void {
    const key = `${message} ${value}`;
    if (this.#named.size >= MAX_NAMED || this.#named.has(key)) return;
    this.#named.add(key);
    this.#logger.warn(message, { value: printable(value), cure });
    if (this.#named.size === MAX_NAMED) this.#logger.warn('the guard logs no further hosts and origins');
  }
}

/** Returns whether a page of the requested host, or a program, sent the request. Programs send no Origin. */
function isSameHost(origin: string | undefined, host = ''): boolean {
  if (origin === undefined) return true;
  if (!isWebOrigin(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  // Parses the host with the origin's scheme, because either may name the default port.
  const asked = `${protocol}//${host}`;
  return URL.canParse(asked) && new URL(asked).host === own;
}

/** Returns whether a browser sends this origin for a web page: no path, no user, in canonical form. */
function isWebOrigin(origin: string): boolean {
  return /^https?:\/\//.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
}

/** Makes a header's value fit for one line of a log. */
function printable(value: string): string {
  return value.replace(/[^\x21-\x7e]/g, '?').slice(0, MAX_NAME_CHARS);
}
