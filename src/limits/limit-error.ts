import { AppError } from '../errors.ts';

/** Names a limit in the RateLimit headers. */
export type LimitName = 'requests' | 'bytes' | 'bodies' | 'sockets' | 'jobs';

/** Refuses a request whose client has used up a limit. Its headers follow the IETF's draft on RateLimit headers. */
export class LimitError extends AppError {
  readonly headers: Record<string, string>;

  /**
   * @param quota amount that the limit grants, per window if it has one
   * @param retryAfterSeconds time until the client may retry
   */
  constructor(
    name: LimitName,
    detail: string,
    quota: number,
    retryAfterSeconds: number,
    windowSeconds?: number,
  ) {
    super('too_many_requests', detail);
    const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
    this.headers = {
      'retry-after': String(seconds),
      'ratelimit-policy': `"${name}";q=${quota}${windowSeconds === undefined ? '' : `;w=${windowSeconds}`}`,
      ratelimit: `"${name}";r=0;t=${seconds}`,
    };
  }
}
