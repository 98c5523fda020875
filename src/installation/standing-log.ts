import type { Logger } from '../logging/logger.ts';
import type { Standing } from './decide.ts';

/** Logs each state once, however often a comparison finds it. */
export class StandingLog {
  readonly #logger: Logger;
  #logged = '';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  report(standing: Standing): void {
    if (standing.state === 'refused' && standing.message !== this.#logged) {
      this.#logged = standing.message;
      this.#logger.error(standing.message);
    } else if (standing.state === 'confirmed' && this.#logged !== '') {
      this.#logged = '';
      this.#logger.info('the stores belong to one installation again', { id: standing.id });
    }
  }
}
