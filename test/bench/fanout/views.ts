import type { Truth } from './publisher.ts';

const SAMPLE_MS = 200;
export const STEP_MS = 500;

/** What clients showed at a moment: the state of each job, client by client. */
interface Sample {
  at: number;
  states: Uint32Array;
}

/** How far views lag behind, in milliseconds. */
export interface Lag {
  mean: number;
  p50: number;
  p99: number;
  /** The 99th percentile, in steps of {@link STEP_MS}. */
  curve: number[];
}

/** The newest state that each client has of each job it watches, and samples of that. */
export class Views {
  readonly #jobs: number[] = [];
  #states = new Uint32Array(1024);
  #samples: Sample[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Adds what one client watches. @returns where its views begin */
  add(jobs: readonly number[]): number {
    const first = this.#jobs.length;
    this.#jobs.push(...jobs);
    if (this.#jobs.length > this.#states.length) {
      const states = new Uint32Array(this.#jobs.length * 2);
      states.set(this.#states);
      this.#states = states;
    }
    return first;
  }

  /** @returns the state that was shown before */
  saw(view: number, state: number): number {
    const before = this.#states[view] as number;
    if (state > before) this.#states[view] = state;
    return before;
  }

  /** @param now tells the time in microseconds */
  startSampling(now: () => number): void {
    this.#samples = [];
    const sample = () => this.#samples.push({ at: now(), states: this.#states.slice(0, this.#jobs.length) });
    this.#timer = setInterval(sample, SAMPLE_MS);
  }

  stopSampling(): void {
    clearInterval(this.#timer);
  }

  /** A view lags since the first state that it has not shown was published. */
  lag(truth: Truth): Lag {
    const startedAt = this.#samples[0]?.at ?? NaN;
    const steps: number[][] = [];
    for (const { at, states } of this.#samples) {
      const step = (steps[Math.floor((at - startedAt) / 1000 / STEP_MS)] ??= []);
      for (const [view, state] of states.entries()) {
        // States count from 1: what lies at the place of the one that is shown is the one after it.
        const next = truth[this.#jobs[view] as number]?.[state] ?? Infinity;
        step.push(Math.max(0, at - next) / 1000);
      }
    }
    const all = Float64Array.from(steps.flat()).sort();
    return {
      mean: all.reduce((sum, lag) => sum + lag, 0) / all.length,
      p50: share(all, 0.5),
      p99: share(all, 0.99),
      curve: steps.map((lags) => share(Float64Array.from(lags).sort(), 0.99)),
    };
  }
}

/** As `percentile`, for millions of samples. */
function share(sorted: Float64Array, part: number): number {
  return sorted[Math.floor(part * sorted.length)] ?? NaN;
}
