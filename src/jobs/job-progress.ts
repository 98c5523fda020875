import type { Job } from '../contract/job.ts';
import type { JobHash } from './to-job.ts';

/** `fraction` has four decimals: a large document embeds in more steps than there are whole percents. */
const STEPS = 10_000;
const STEPS_A_PERCENT = STEPS / 100;

/** How far a job has come: in whole percents as documented, and as finely as it moves. */
export type Progress = Pick<Job, 'progress' | 'fraction'>;

/**
 * Splits a percentage into what a job shows. Whole percents are rounded down, and `fraction` never up to the next one:
 * nothing seems finished before it is.
 * @param percent 0 to 100, with any decimals; what is beyond is cut off, and what is no number is 0
 */
export function splitPercent(percent: number): Progress {
  const within = Math.min(100, Math.max(0, percent || 0));
  const progress = Math.floor(within);
  const first = progress * STEPS_A_PERCENT;
  const steps = Math.min(Math.round(within * STEPS_A_PERCENT), first + STEPS_A_PERCENT - 1);
  return { progress, fraction: steps / STEPS };
}

/**
 * Reads how far a job has come from its hash. A `fraction` counts only where it fits `progress`: other programs, which
 * know the documented field only, leave an old one beside it. Older versions stored decimals in `progress` itself.
 */
export function readProgress({ progress, fraction }: JobHash): Progress {
  const shown = splitPercent(Number(progress));
  const steps = Math.round(Number(fraction) * STEPS);
  return Math.floor(steps / STEPS_A_PERCENT) === shown.progress
    ? { ...shown, fraction: steps / STEPS }
    : shown;
}
