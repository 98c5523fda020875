import type { Counts, Stage } from '../../contract/job.ts';

/**
 * Costs of completed runs: the string `jobs:costs`. The first two are means in ms, the others sums. Each run shrinks
 * the sums first, so about the last 20 runs count.
 */
const PARTS = ['of_byte', 'of_run', 'runs', 'bytes', 'parse_ms', 'chunks', 'embed_ms', 'store_ms'] as const;
export type StageCosts = Record<(typeof PARTS)[number], number>;

/** Parses the costs. @returns `undefined` before the first run, and for the text of another program */
export function parseCosts(text: string | null): StageCosts | undefined {
  const parts = (text ?? '').split(' ').map((part) => (part === '' ? Number.NaN : Number(part)));
  if (parts.length !== PARTS.length || !parts.every((part) => part >= 0 && part < 2 ** 53)) return undefined;
  const costs = Object.fromEntries(PARTS.map((name, i) => [name, parts[i]])) as StageCosts;
  return costs.bytes > 0 && costs.runs > 0 ? costs : undefined;
}

/** Weight of the measured pace of earlier runs, in chunks, against that of the run itself. */
const PRIOR_CHUNKS = 16;

/**
 * Measures the stages of one attempt, and estimates the time that it still takes. Its clock is that of this process
 * (`performance.now()`).
 */
export class StageClock {
  readonly #costs: StageCosts | undefined;
  readonly #size: number | undefined;
  readonly #beganAt: Partial<Record<Stage, number>>;

  /**
   * @param costs what earlier runs cost; absent while unknown
   * @param size size of the file in bytes; absent while unknown
   */
  constructor(costs: StageCosts | undefined, size: number | undefined, startedAt: number) {
    this.#costs = costs;
    this.#size = size;
    this.#beganAt = { parse: startedAt };
  }

  /** Estimates the time in ms until the job's end. Calls MUST follow the stages. @returns `undefined` while unknown */
  left(stage: Stage, counts: Counts, now: number): number | undefined {
    this.#beganAt[stage] ??= now;
    const rest = this.#left(stage, counts, now);
    return rest === undefined || !Number.isFinite(rest) ? undefined : Math.max(0, Math.round(rest));
  }

  /** Returns what the attempt cost, as `learn_costs` of `costs.lua` takes it; '' for an unknown size or a missing stage. */
  sample(chunks: number, now: number): string {
    const { parse, embed, store } = this.#beganAt;
    if (this.#size === undefined || parse === undefined || embed === undefined || store === undefined)
      return '';
    const times = [embed - parse, store - embed, now - store].map((ms) => Math.max(0, ms).toFixed(2));
    return [this.#size, times[0], chunks, times[1], times[2]].join(' ');
  }

  #left(stage: Stage, { pages_done, pages_total, chunks_done = 0, chunks_total }: Counts, now: number) {
    const costs = this.#costs;
    const storing = costs ? costs.store_ms / costs.runs : 0;
    if (stage === 'store') return storing;
    if (stage === 'embed' && chunks_total !== undefined) {
      const spent = now - (this.#beganAt.embed ?? now);
      const known = costs && costs.chunks > 0 ? costs.embed_ms / costs.chunks : undefined;
      const prior = known === undefined ? 0 : PRIOR_CHUNKS;
      const pace = (spent + (known ?? 0) * prior) / (chunks_done + prior);
      return chunks_done + prior === 0 ? undefined : pace * (chunks_total - chunks_done) + storing;
    }
    if (!costs || this.#size === undefined) return undefined;
    const share = this.#size / costs.bytes;
    const embedding =
      chunks_total === undefined || costs.chunks === 0
        ? share * costs.embed_ms
        : (chunks_total * costs.embed_ms) / costs.chunks;
    if (stage === 'chunk') return embedding + storing;
    const parsed = pages_done !== undefined && pages_total ? pages_done / pages_total : 0;
    return share * costs.parse_ms * (1 - parsed) + embedding + storing;
  }
}
