import { createHash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { Logger } from '../logging/logger.ts';
import { type ApiKey, isInline, readApiKeys } from './api-keys.ts';
import { keyPrincipal, type Principal } from './principal.ts';

interface Entry {
  readonly key: ApiKey;
  readonly digest: Buffer;
  /** Stays the same object for as long as the key stays the same. */
  readonly principal: Principal;
}

/** Holds the configured API keys. */
export class Keyring {
  readonly #setting: string;
  readonly #logger: Logger;
  #entries = new Map<string, Entry>();

  /**
   * @param setting a JSON array of keys, or the path of a file that holds one
   * @throws as {@link readApiKeys}
   */
  constructor(setting: string, logger: Logger) {
    this.#setting = setting;
    this.#logger = logger;
    this.#read();
  }

  /** True if the keys are in a file, which can change. */
  get isFile(): boolean {
    return !isInline(this.#setting);
  }

  /** Reads the keys again. After a failure it logs the reason and keeps the former keys. */
  reload(): void {
    try {
      this.#read();
      this.#logger.info('reloaded the API keys', { keys: this.#entries.size });
    } catch (error) {
      const reason = (error as Error).message;
      this.#logger.error('cannot read API_KEYS, so the former keys stay valid', { reason });
    }
  }

  /**
   * Finds the key of a token. It compares every key in constant time, so that its duration reveals nothing.
   * @returns its principal, even if expired
   */
  find(token: string): Principal | undefined {
    const digest = createHash('sha256').update(token).digest();
    let found: Principal | undefined;
    for (const entry of this.#entries.values())
      if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    return found;
  }

  /** Returns the principal of a key by its name. */
  get(keyId: string): Principal | undefined {
    return this.#entries.get(keyId)?.principal;
  }

  /** Returns the digest of a key's token, in hex, by the key's name. */
  digestOf(keyId: string): string | undefined {
    return this.#entries.get(keyId)?.key.sha256;
  }

  #read(): void {
    const before = this.#entries;
    this.#entries = new Map(
      readApiKeys(this.#setting).map((key) => {
        const known = before.get(key.name);
        return [key.name, known && isDeepStrictEqual(known.key, key) ? known : makeEntry(key)];
      }),
    );
  }
}

function makeEntry(key: ApiKey): Entry {
  const expiresAt = key.expires_at === undefined ? undefined : Date.parse(key.expires_at);
  return {
    key,
    digest: Buffer.from(key.sha256, 'hex'),
    principal: keyPrincipal(key.name, key.scopes, expiresAt),
  };
}
