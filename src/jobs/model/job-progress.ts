import type { Job } from '../../contract/job.ts';
import type { JobHash } from './job-view.ts';

/** Steps of `fraction`: four decimals, because a large document embeds in more steps than whole percents. */
const STEPS = 10_000;
const STEPS_A_PERCENT = STEPS / 100;

/** A job's progress in whole percents, as documented, and as a finer fraction. */
export type Progress = Pick<Job, 'progress' | 'fraction'>;

/**
 * Splits a percentage into a job's two fields. It rounds whole percents down. It never rounds `fraction` up to the next
 * percent, because no job may seem finished early.
 * @param percent 0 to 100, with any decimals; clamped to that range, and 0 for NaN
 */
export function splitPercent(percent: number): Progress {
  const within = Math.min(100, Math.max(0, percent || 0));
  const progress = Math.floor(within);
  const first = progress * STEPS_A_PERCENT;
  const steps = Math.min(Math.round(within * STEPS_A_PERCENT), first + STEPS_A_PERCENT - 1);
  return { progress, fraction: steps / STEPS };
}

/**
 * Reads a job's progress from its hash. A `fraction` counts only if it fits `progress`, because other programs update
 * only the documented field. Older versions stored decimals in `progress` itself.
 */
export function readProgress({ progress, fraction }: JobHash): Progress {
  const shown = splitPercent(Number(progress));
  const steps = Math.round(Number(fraction) * STEPS);
  return Math.floor(steps / STEPS_A_PERCENT) === shown.progress
    ? { ...shown, fraction: steps / STEPS }
    : shown;
}
