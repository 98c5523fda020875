import { AppError } from '../errors.ts';
import type { Keyring } from './keyring.ts';
import type { Pass, Passes } from './passes.ts';
import { ANONYMOUS, type Principal } from './principal.ts';

/** A bearer token (RFC 6750). Nothing that is longer is worth a digest. */
const BEARER = /^Bearer +([\w.~+/-]{1,512}=*)$/i;
const TOKEN = /^[\w.~+/-]{1,512}=*$/;

/** Finds out on whose behalf somebody calls. Without keys everybody may do everything. */
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
   * Finds the principal of an `Authorization` header.
   * @throws {AppError} `unauthorized`
   */
  async ofHeader(authorization: string | undefined): Promise<Principal> {
    if (this.isOpen) return ANONYMOUS;
    if (authorization === undefined)
      throw new AppError('unauthorized', 'Send the header Authorization: Bearer KEY.');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new AppError('unauthorized', 'Authorization: must be Bearer and a key.');
    return this.ofToken(token);
  }

  /**
   * Finds the principal of a key's token, or of a job's.
   * @throws {AppError} `unauthorized`
   */
  async ofToken(token: string): Promise<Principal> {
    if (!this.#keyring) return ANONYMOUS;
    const known = TOKEN.test(token)
      ? (this.#keyring.find(token) ?? this.#ofPass(await this.#passes.findJobToken(token)))
      : undefined;
    if (!known) throw new AppError('unauthorized', 'The key is not known.');
    if (!this.isValid(known)) throw new AppError('unauthorized', 'The key has expired.');
    return known;
  }

  /**
   * Takes a ticket, which is good once.
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

  /** Returns whether a principal may go on: its key is the same as before, and has not expired. */
  isValid(principal: Principal): boolean {
    const { keyId, issuer, expiresAt = Infinity } = principal;
    if (!this.#keyring || principal === ANONYMOUS) return true;
    const own = this.#keyring.get(keyId);
    if (!own || (own.expiresAt ?? Infinity) <= Date.now() || expiresAt <= Date.now()) return false;
    return own === (issuer ?? principal);
  }

  /** Makes a ticket that stands for a principal, once. */
  makeTicket({ keyId, job, expiresAt }: Principal): Promise<string> {
    return this.#passes.makeTicket({
      keyId,
      sha256: this.#keyring?.digestOf(keyId),
      job,
      ...(job !== undefined && { expiresAt }),
    });
  }

  /** Makes a token that reads one job, for as long as the principal's key is valid, and a day at most. */
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
