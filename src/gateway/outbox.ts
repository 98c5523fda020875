import type { WebSocket } from 'ws';

import { isNewer, type JobState } from '../jobs/to-job.ts';

const JOBS_A_FRAME = 100;

/**
 * What a session still has to send: the latest state of each job, never a queue of them. It sends one frame
 * a turn; while the socket has not taken the last one, newer states only replace older ones.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #onSent: (state: JobState) => void;
  readonly #states = new Map<string, JobState>();
  readonly #gone = new Map<number, Set<string>>();
  readonly #sent = new Map<string, { history: string; version: number }>();
  #scheduled = false;
  #writing = false;

  /** @param onSent hears of each state that an `update` carried, once the socket has taken it */
  constructor(socket: WebSocket, onSent: (state: JobState) => void) {
    this.#socket = socket;
    this.#onSent = onSent;
  }

  /** Sends a state soon, unless the client has it or a newer one. */
  update(state: JobState): void {
    if (!isNewer(state, this.#sent.get(state.id)) || !isNewer(state, this.#states.get(state.id))) return;
    this.#states.set(state.id, state);
    this.#schedule();
  }

  /** Says that a job has left a channel, after its last state. */
  gone(subscription: number, jobId: string): void {
    const jobs = this.#gone.get(subscription) ?? new Set();
    this.#gone.set(subscription, jobs.add(jobId));
    this.#schedule();
  }

  /** Takes a `gone` back that was not sent yet: the job has entered the channel again. */
  notGone(subscription: number, jobId: string): void {
    this.#gone.get(subscription)?.delete(jobId);
  }

  /** Sends a subscription's first states at once, in pages. */
  snapshot(subscription: number, states: readonly JobState[]): void {
    for (let from = 0; from === 0 || from < states.length; from += JOBS_A_FRAME) {
      const page = states.slice(from, from + JOBS_A_FRAME);
      for (const state of page) {
        this.#states.delete(state.id);
        this.#sent.set(state.id, state);
      }
      const more = from + JOBS_A_FRAME < states.length;
      const jobs = page.map(({ json }) => json).join(',');
      this.#socket.send(`{"type":"snapshot","id":${subscription},"jobs":[${jobs}],"more":${more}}`);
    }
    for (const state of states) this.#onSent(state);
  }

  /** Forgets a job that no subscription covers any more. */
  forget(jobId: string): void {
    this.#states.delete(jobId);
    this.#sent.delete(jobId);
  }

  /** Forgets every job for which `covered` says no. */
  forgetUnless(covered: (jobId: string) => boolean): void {
    for (const jobId of [...this.#states.keys(), ...this.#sent.keys()])
      if (!covered(jobId)) this.forget(jobId);
  }

  /** Forgets a subscription that has ended. */
  forgetSubscription(subscription: number): void {
    this.#gone.delete(subscription);
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#writing || this.#socket.readyState !== this.#socket.OPEN) return;
    const states = [...this.#states.values()].slice(0, JOBS_A_FRAME);
    if (states.length > 0) {
      for (const state of states) {
        this.#states.delete(state.id);
        this.#sent.set(state.id, state);
      }
      const jobs = states.map(({ json }) => json).join(',');
      this.#write(`{"type":"update","jobs":[${jobs}]}`, () => {
        for (const state of states) this.#onSent(state);
      });
      return;
    }
    for (const [subscription, jobs] of this.#gone) {
      this.#gone.delete(subscription);
      if (jobs.size === 0) continue;
      this.#write(JSON.stringify({ type: 'gone', id: subscription, jobs: [...jobs] }), () => {});
      return;
    }
  }

  #write(frame: string, taken: () => void): void {
    this.#writing = true;
    this.#socket.send(frame, (error) => {
      this.#writing = false;
      // A socket that failed closes by itself; what it did not take, its client reads again.
      if (error) return;
      taken();
      if (this.#states.size > 0 || this.#gone.size > 0) this.#schedule();
    });
  }
}
