import { AppError } from '../errors.ts';
import type { Keyring } from './keyring.ts';
import type { Pass, Passes } from './passes.ts';
import { ANONYMOUS, type Principal } from './principal.ts';

/** Matches a bearer token (RFC 6750). Longer text is no key, and costs no digest. */
const BEARER = /^Bearer +([\w.~+/-]{1,512}=*)$/i;
const TOKEN = /^[\w.~+/-]{1,512}=*$/;

/** Authenticates callers by key, ticket or job token. Without configured keys every caller has all scopes. */
export class Access {
  readonly #keyring: Keyring | undefined;
  readonly #passes: Passes;

  constructor(keyring: Keyring | undefined, passes: Passes) {
    this.#keyring = keyring;
    this.#passes = passes;
  }

  /** True if no keys are configured. */
  get isOpen(): boolean {
    return this.#keyring === undefined;
  }

  /**
   * Authenticates an `Authorization` header.
   * @throws {AppError} `unauthorized`
   */
  async ofHeader(authorization: string | undefined): Promise<Principal> {
    if (this.isOpen) return ANONYMOUS;
    if (authorization === undefined)
      throw new AppError('unauthorized', 'Send the header Authorization: Bearer KEY.');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined)
      throw new AppError('unauthorized', 'The header Authorization must hold Bearer and a key.');
    return this.ofToken(token);
  }

  /**
   * Authenticates the token of a key or of a job.
   * @throws {AppError} `unauthorized`
   */
  async ofToken(token: string): Promise<Principal> {
    if (!this.#keyring) return ANONYMOUS;
    const known = TOKEN.test(token)
      ? (this.#keyring.find(token) ?? this.#ofPass(await this.#passes.findJobToken(token)))
      : undefined;
    if (!known) throw new AppError('unauthorized', 'Sluice does not know this key. Send a valid one.');
    if (!this.isValid(known)) throw new AppError('unauthorized', 'The key has expired. Send a valid one.');
    return known;
  }

  /**
   * Redeems a ticket. A ticket is valid once.
   * @throws {AppError} `unauthorized`
   */
  async ofTicket(ticket: string): Promise<Principal> {
    if (this.isOpen) return ANONYMOUS;
    const known = TOKEN.test(ticket) ? this.#ofPass(await this.#passes.takeTicket(ticket)) : undefined;
    if (!known || !this.isValid(known)) {
      throw new AppError('unauthorized', 'The ticket was used, or is older than 30 s. Ask for another.');
    }
    return known;
  }

  /** Returns whether a principal is still valid: its key is unchanged and has not expired. */
  isValid(principal: Principal): boolean {
    const { keyId, issuer, expiresAt = Infinity } = principal;
    if (!this.#keyring || principal === ANONYMOUS) return true;
    const own = this.#keyring.get(keyId);
    if (!own || (own.expiresAt ?? Infinity) <= Date.now() || expiresAt <= Date.now()) return false;
    return own === (issuer ?? principal);
  }

  /** Makes a single-use ticket for a principal. */
  makeTicket({ keyId, job, expiresAt }: Principal): Promise<string> {
    return this.#passes.makeTicket({
      keyId,
      sha256: this.#keyring?.digestOf(keyId),
      job,
      ...(job !== undefined && { expiresAt }),
    });
  }

  /** Makes a token that reads one job. It is valid for a day, but no longer than the principal's key. */
  makeJobToken({ keyId }: Principal, job: string): Promise<string> {
    return this.#passes.makeJobToken({ keyId, sha256: this.#keyring?.digestOf(keyId) }, job);
  }

  #ofPass(pass: Pass | undefined): Principal | undefined {
    const own = pass && this.#keyring?.get(pass.keyId);
    if (!own || this.#keyring?.digestOf(pass.keyId) !== pass.sha256) return undefined;
    if (pass.job === undefined) return own;
    const { tenant, keyId } = own;
    return { tenant, keyId, scopes: [], job: pass.job, expiresAt: pass.expiresAt, issuer: own };
  }
}
