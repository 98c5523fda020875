import { useRef } from 'preact/hooks';

import { isTerminal, type Job } from '../../src/contract/job.ts';

/** Largest share before the end, because an estimate can be too short. */
const ALMOST = 0.99;

interface Progress {
  /** Share of the job's time that has passed, from 0 to 1. */
  share: number;
  /** Estimate of the time left, in ms; `undefined` if nothing is known. */
  leftMs: number | undefined;
}

/**
 * Measures a job by its cost: the time that has passed, beside the time left. The documented percent follows stages, and
 * some stages are short. It stood at 60 after 2 % of the time. The share never falls within an attempt.
 */
export class CostProgress {
  #job: Job | undefined;
  #seenAt = 0;
  #share = 0;

  /** @param now ms since 1970, by this browser's clock */
  at(job: Job, now: number): Progress {
    if (job !== this.#job) {
      if (job.run !== this.#job?.run || job.attempt !== this.#job.attempt) this.#share = 0;
      this.#job = job;
      this.#seenAt = now;
    }
    const { status, started_at: started, updated_at: updated, time_left_ms: estimate } = job;
    if (isTerminal(status)) return { share: status === 'completed' ? 1 : this.#share, leftMs: undefined };
    const since = status === 'processing' ? now - this.#seenAt : 0;
    const leftMs = estimate === undefined ? undefined : Math.max(0, estimate - since);
    if (status === 'processing') {
      // Both times are the server's, so that its clock and the browser's may differ.
      const spent = started && updated ? Date.parse(updated) - Date.parse(started) + since : since;
      const share = leftMs === undefined ? job.fraction : spent / Math.max(1, spent + leftMs);
      this.#share = Math.min(ALMOST, Math.max(this.#share, share));
    }
    return { share: this.#share, leftMs };
  }
}

/** Returns a job's progress by cost, as of `now`. */
export function useCostProgress(job: Job, now: number): Progress {
  const progress = useRef<CostProgress | undefined>(undefined);
  progress.current ??= new CostProgress();
  return progress.current.at(job, now);
}
