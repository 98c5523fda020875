import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';

/** Lifetime of a ticket, in seconds: enough to open a socket with it. */
const TICKET_SECONDS = 30;
/** Lifetime of a job's token, in seconds. A long queue can keep a job for hours. */
const JOB_TOKEN_SECONDS = 24 * 60 * 60;
const JOB_TOKEN_PREFIX = 'job_';

/** What a pass stands for: a key, and the one job it is for if it is for one only. */
export interface Pass {
  keyId: string;
  /** Digest of the key's token: a key that gets another token takes back what the former one made. */
  sha256: string | undefined;
  job?: string | undefined;
  /** Unix time in ms at which a session that the pass opened must end. */
  expiresAt?: number | undefined;
}

/**
 * Secrets of limited life that stand for a key. Redis keeps their digests, so every node knows them and a copy of Redis
 * opens nothing.
 */
export class Passes {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Makes a ticket: it is good once, within 30 s. */
  async makeTicket(pass: Pass): Promise<string> {
    const ticket = secret();
    await this.#redis.set(this.#keys.ticket(digest(ticket)), JSON.stringify(pass), 'EX', TICKET_SECONDS);
    return ticket;
  }

  /** Takes a ticket. @returns nothing if it is unknown, used or too old */
  async takeTicket(ticket: string): Promise<Pass | undefined> {
    return read(await this.#redis.getdel(this.#keys.ticket(digest(ticket))));
  }

  /** Makes a token that reads one job, for a day. */
  async makeJobToken({ keyId, sha256 }: Omit<Pass, 'job'>, job: string): Promise<string> {
    const token = JOB_TOKEN_PREFIX + secret();
    const pass: Pass = { keyId, sha256, job, expiresAt: Date.now() + JOB_TOKEN_SECONDS * 1000 };
    await this.#redis.set(this.#keys.jobToken(digest(token)), JSON.stringify(pass), 'EX', JOB_TOKEN_SECONDS);
    return token;
  }

  /** Looks a job's token up. @returns nothing if it is none, unknown or too old */
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
