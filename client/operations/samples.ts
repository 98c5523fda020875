import type { Stats } from '../../src/contract/jobs.ts';

/** Time between two samples, in ms. */
export const SAMPLE_MS = 2000;
/** Longest and shortest time that the charts show, in ms. */
export const SHOWN_MS = 300_000;
const LEAST_SHOWN_MS = 60_000;
/** Time over which a rate is measured, in ms. A shorter one shows single jobs as peaks. */
const RATE_MS = 10_000;
const SUCCESS_MS = 60_000;
/** A longer pause is a gap: the line was down, or the tab slept. */
export const GAP_MS = 3 * SAMPLE_MS;

/** A value at a time (ms since 1970); `undefined` if nothing is known. */
export interface Point {
  at: number;
  value: number | undefined;
}

interface Sample {
  at: number;
  stats: Stats;
  oldestMs: number | undefined;
}

/** Keeps the statistics of the last minutes. */
export class Samples {
  #samples: Sample[] = [];

  add(sample: Sample): void {
    const last = this.#samples.at(-1);
    // Redis lost its data and counts from 0. A difference to older samples means nothing.
    if (last && sample.stats.completed < last.stats.completed) this.#samples = [];
    this.#samples.push(sample);
    const oldest = this.#samples.findIndex(({ at }) => at >= sample.at - SHOWN_MS);
    this.#samples.splice(0, Math.max(0, oldest));
  }

  /** Time from the first sample to `now`, as the charts show it, in ms. */
  shownMs(now: number): number {
    const [first] = this.#samples;
    return Math.min(SHOWN_MS, Math.max(LEAST_SHOWN_MS, first ? now - first.at : 0));
  }

  points(valueOf: (stats: Stats, sample: Sample) => number | undefined): Point[] {
    return this.#samples.map((sample) => ({ at: sample.at, value: valueOf(sample.stats, sample) }));
  }

  /** Completed runs per second. */
  throughput(): Point[] {
    return this.#over(RATE_MS, (first, last, ms) => ((last.completed - first.completed) * 1000) / ms);
  }

  /** Share of completed among the runs that ended within a minute, without cancelled ones. */
  successRate(): Point[] {
    return this.#over(SUCCESS_MS, (first, last) => {
      const completed = last.completed - first.completed;
      const failed = last.failed - first.failed;
      return completed + failed === 0 ? undefined : completed / (completed + failed);
    });
  }

  /** Compares each sample with the oldest one of the time before it, after the last gap. */
  #over(ms: number, rate: (first: Stats, last: Stats, ms: number) => number | undefined): Point[] {
    let first = 0;
    return this.#samples.map((sample, i) => {
      const { at } = sample;
      const before = this.#samples[i - 1];
      if (before && at - before.at > GAP_MS) first = i;
      while (at - (this.#samples[first] as Sample).at > ms) first++;
      const from = this.#samples[first] as Sample;
      return { at, value: at === from.at ? undefined : rate(from.stats, sample.stats, at - from.at) };
    });
  }
}
