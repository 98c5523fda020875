import { hrefOf } from '../../app/route.ts';
import type { Job } from '../../../src/contract/job.ts';
import { useCostProgress } from '../../state/cost-progress.ts';
import {
  activityOf,
  attemptOf,
  isHeldUp,
  jobName,
  leftOf,
  shownStatus,
  statusWords,
} from '../../wording/jobs.ts';
import { ago, elapsed } from '../../wording/times.ts';
import { Bar } from '../bar.tsx';
import { StatusBadge } from '../status-badge.tsx';

/** Heights of a row with its gap, in CSS pixels. `operations.css` sets the same. */
export const jobRowHeight = (isNarrow: boolean): number => (isNarrow ? 92 : 68);

/** Shows a job in a list, as a link to its page. */
export function JobRow({ job, now }: { job: Job; now: number }) {
  const status = shownStatus(job);
  const { share, leftMs } = useCostProgress(job, now);
  const isEnded = job.status === 'completed' || job.status === 'failed';
  const { created_at: created, completed_at: completed } = job;
  const facts = [
    job.collection,
    attemptOf(job),
    !isEnded && created ? elapsed(now - Date.parse(created)) : '',
    isEnded && completed ? ago(completed, now) : '',
    leftMs === undefined || isHeldUp(job) ? '' : leftOf(leftMs),
  ].filter(Boolean);
  const name = jobName(job);
  return (
    <a class="job-row" href={hrefOf('job', job.id)} data-status={status} data-state={job.status}>
      <span class="job-row-name cut">{name}</span>
      <StatusBadge state={status} words={statusWords(status)} />
      <span class="job-row-activity cut" title={activityOf(job)}>
        {activityOf(job)}
      </span>
      <span class="job-row-facts cut">{facts.join(' · ')}</span>
      {job.status === 'processing' && <Bar share={share} label={`Progress of ${name}`} />}
    </a>
  );
}
