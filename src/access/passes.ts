import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';

/** Lifetime of a ticket, in seconds. A client opens its socket at once. */
const TICKET_SECONDS = 30;
/** Lifetime of a job's token, in seconds. A long queue can keep a job for hours. */
const JOB_TOKEN_SECONDS = 24 * 60 * 60;
const JOB_TOKEN_PREFIX = 'job_';

/** Record of a ticket or job token: its key, and its job if it reads only one. */
export interface Pass {
  keyId: string;
  /** Digest of the key's token. So a new token of the key revokes the passes of its former one. */
  sha256: string | undefined;
  job?: string | undefined;
  /** Unix time in ms at which a session that the pass opened must end. */
  expiresAt?: number | undefined;
}

/**
 * Issues short-lived secrets that stand for a key. Redis keeps only their digests. So every node accepts them, and a copy
 * of Redis reveals none.
 */
export class Passes {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Makes a ticket, valid once and within 30 s. */
  async makeTicket(pass: Pass): Promise<string> {
    const ticket = secret();
    await this.#redis.set(this.#keys.ticket(digest(ticket)), JSON.stringify(pass), 'EX', TICKET_SECONDS);
    return ticket;
  }

  /** Redeems a ticket. @returns `undefined` if it is unknown, used or too old */
  async takeTicket(ticket: string): Promise<Pass | undefined> {
    return read(await this.#redis.getdel(this.#keys.ticket(digest(ticket))));
  }

  /** Makes a token that reads one job, valid for a day. */
  async makeJobToken({ keyId, sha256 }: Omit<Pass, 'job'>, job: string): Promise<string> {
    const token = JOB_TOKEN_PREFIX + secret();
    const pass: Pass = { keyId, sha256, job, expiresAt: Date.now() + JOB_TOKEN_SECONDS * 1000 };
    await this.#redis.set(this.#keys.jobToken(digest(token)), JSON.stringify(pass), 'EX', JOB_TOKEN_SECONDS);
    return token;
  }

  /** Looks up a job's token. @returns `undefined` if it is malformed, unknown or too old */
  async findJobToken(token: string): Promise<Pass | undefined> {
    if (!token.startsWith(JOB_TOKEN_PREFIX)) return undefined;
    return read(await this.#redis.get(this.#keys.jobToken(digest(token))));
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function read(stored: string | null): Pass | undefined {
  return stored === null ? undefined : (JSON.parse(stored) as Pass);
}
