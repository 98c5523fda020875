import type { JobState } from '../../jobs/model/job-view.ts';
import { ACTIVE, snapshot, STATES_A_MESSAGE } from './stream-messages.ts';

/** Fields of every page. */
interface Facts {
  /** Offset up to which the client has everything before the pages, and after the last one. */
  before: number;
  after: number;
  resumed: boolean;
}

/**
 * Holds the first states of the active jobs until the client takes them. Of an active job it holds the id alone, because
 * the states of 10,000 jobs take 6 MB. It holds ends whole, because Redis may forget them.
 */
export class ActivePages {
  readonly facts: Facts;
  #waiting: (string | JobState)[];

  constructor(states: readonly JobState[], facts: Facts) {
    this.facts = facts;
    this.#waiting = states.map((state) => (state.terminal ? state : state.id));
  }

  /** Lists the jobs of the next page whose states the caller must read. */
  get ids(): string[] {
    return this.#waiting.slice(0, STATES_A_MESSAGE).filter((entry) => typeof entry === 'string');
  }

  /** Makes the next page. @param read the present states; a job that is absent comes on no page */
  take(read: ReadonlyMap<string, JobState>): { message: string; more: boolean } {
    const page = this.#waiting.splice(0, STATES_A_MESSAGE);
    const states = page.flatMap((entry) => (typeof entry === 'string' ? (read.get(entry) ?? []) : entry));
    return this.#page(states);
  }

  /** Makes the last page at once, with the ends alone. */
  close(): string {
    const states = this.#waiting.filter((entry) => typeof entry !== 'string');
    this.#waiting = [];
    return this.#page(states).message;
  }

  #page(states: readonly JobState[]): { message: string; more: boolean } {
    const more = this.#waiting.length > 0;
    const { before, after, resumed } = this.facts;
    return { message: snapshot(ACTIVE, states, { offset: more ? before : after, more, resumed }), more };
  }
}
