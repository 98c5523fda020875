import { setTimeout as sleep } from 'node:timers/promises';

import { DependencyError } from '../../errors.ts';
import type { Service } from '../../contract/job.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Availability } from '../claim/availability.ts';
import type { ProgressReporter } from './progress-reporter.ts';

/** Most cut calls of one job. After that the job counts as their cause. */
const MAX_INTERRUPTIONS = 10;
/** Number of crashed parsers that fails a document. */
const MAX_CRASHES = 3;
const MIN_WAIT_MS = 100;
const MAX_WAIT_MS = 2000;

/**
 * Makes the calls of one job, and retries a call whose failure says nothing about the job. Retries while a service
 * is down have no limit. Calls that were cut or crashed have a budget, because the document may be the cause. Calls
 * MUST be repeatable.
 */
export class RetryingCaller {
  readonly #availability: Availability;
  readonly #progress: Pick<ProgressReporter, 'wait'>;
  readonly #logger: Logger;
  #interruptions = 0;
  #crashes = 0;

  /** @param progress tells which service a call waits for */
  constructor(availability: Availability, progress: Pick<ProgressReporter, 'wait'>, logger: Logger) {
    this.#availability = availability;
    this.#progress = progress;
    this.#logger = logger;
  }

  /**
   * Makes a call, and retries it while its failures say nothing about the job.
   * @param signal ends the wait between two calls
   * @returns the result of the first call that succeeds
   * @throws the first failure that is the job's; the signal's reason when aborted
   */
  async retryWhileUnavailable<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    let back: (() => void) | undefined;
    let awaited: { service: Service; end: () => void } | undefined;
    try {
      for (let wait = MIN_WAIT_MS; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
        try {
          return await call();
        } catch (error) {
          if (!(error instanceof DependencyError) || !this.#mayRepeat(error)) throw error;
          if (wait === MIN_WAIT_MS) {
            this.#logger.warn('a call is retried', { code: error.code, error: error.cause ?? error });
          }
          if (error.kind === 'unreachable') {
            back ??= this.#availability.wait();
            const service = serviceOf(error);
            if (awaited?.service !== service) {
              const former = awaited;
              awaited = { service, end: this.#progress.wait(service) };
              former?.end();
            }
          }
          await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
        }
      }
    } finally {
      back?.();
      awaited?.end();
    }
  }

  /** Resets the count of cut calls, because a finished piece of work shows that the job is not their cause. */
  checkpoint(): void {
    this.#interruptions = 0;
  }

  #mayRepeat(error: DependencyError): boolean {
    if (error.kind === 'unreachable') return true;
    if (error.kind === 'interrupted') return ++this.#interruptions <= MAX_INTERRUPTIONS;
    if (error.kind === 'crashed') return ++this.#crashes < MAX_CRASHES;
    return false;
  }
}

/** Returns the service that a call could not reach, by the code of its failure. */
function serviceOf({ code }: DependencyError): Service {
  if (code.startsWith('vector_store_')) return 'vector_store';
  if (code.startsWith('keywords_')) return 'keyword_index';
  return code.startsWith('embedder_') ? 'embedder' : 'processor';
}
