import { useEffect, useRef } from 'preact/hooks';

import type { ViewProps } from '../app/app.tsx';
import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { isTerminal, type Job } from '../../src/contract/job.ts';
import { Bar } from '../parts/bar.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useCostProgress } from '../state/cost-progress.ts';
import { useNow } from '../state/use-now.ts';
import { useRequest } from '../state/use-request.ts';
import {
  STAGE_WORDS,
  adviceOf,
  countsOf,
  failureOf,
  isHeldUp,
  jobName,
  leftOf,
  shownStatus,
  statusWords,
  waitingOf,
} from '../wording/jobs.ts';
import { percent } from '../wording/numbers.ts';
import { elapsed } from '../wording/times.ts';
import { JobActions } from './job-actions.tsx';
import { JobFacts } from './job-facts.tsx';
import { useJob } from './use-job.ts';
import { Waterfall } from './waterfall.tsx';

/** Shows one job: its state, its facts and its timeline. */
export function JobPage({ route }: ViewProps) {
  const { id } = route;
  if (id === undefined)
    return (
      <EmptyState title="The address names no job">
        <a class="button" href={hrefOf('operations')}>
          Go to the jobs
        </a>
      </EmptyState>
    );
  return <ShownJob id={id} />;
}

function ShownJob({ id }: { id: string }) {
  const { job, isUnknown, problem } = useJob(id);
  if (problem)
    return (
      <div class="view">
        <h1>Job</h1>
        <Problem problem={problem} />
      </div>
    );
  const status = isUnknown ? 'unknown' : job ? shownStatus(job) : 'loading';
  return (
    <article class="view job" data-status={status} data-state={isUnknown ? 'unknown' : job?.status}>
      <div class="view-head">
        <h1>{job ? jobName(job) : 'Job'}</h1>
        {!isUnknown && job && <StatusBadge state={status} words={statusWords(shownStatus(job))} />}
        {isUnknown && <StatusBadge state="unknown" words="Unknown" />}
        {!isUnknown && job && <JobActions job={job} />}
      </div>
      {isUnknown && <UnknownJob id={id} job={job} />}
      {!isUnknown && !job && <p class="notice">Loading the job…</p>}
      {!isUnknown && job && <JobState job={job} />}
      {job && (
        <section class="panel" aria-labelledby="facts-heading">
          <h2 id="facts-heading">Facts</h2>
          <JobFacts job={job} />
        </section>
      )}
      {!isUnknown && job && <TimelinePanel job={job} />}
    </article>
  );
}

/** Says that the server does not know the job. It does not guess why. */
function UnknownJob({ id, job }: { id: string; job: Job | undefined }) {
  const wasOpen = job !== undefined && !isTerminal(job.status);
  return (
    <section class="panel" aria-label="State">
      <p class="message" role="status">
        {job ? 'The server no longer knows this job. ' : 'The server knows no job with this id. '}
        {wasOpen
          ? 'It had not ended when last heard of. It may come back by itself within a minute; if not, upload the file again.'
          : 'A job that has ended is kept for a limited time.'}
      </p>
      {!job && <p class="hint">Id: {id}</p>}
    </section>
  );
}

function JobState({ job }: { job: Job }) {
  const now = useNow();
  const { share, leftMs } = useCostProgress(job, now);
  const { status, stage, waiting_for: waiting, error, created_at: created, retry_count: retried = 0 } = job;
  const isOpen = !isTerminal(status);
  const advice = status === 'failed' ? adviceOf(job.error_code) : undefined;
  const doing = waiting ? waitingOf(waiting) : stage ? STAGE_WORDS[stage] : '';
  return (
    <section class="panel" aria-label="State">
      {status !== 'failed' && (
        <div class="job-progress">
          <Bar share={share} label={`Progress of ${jobName(job)}`} />
          <span class="percent">{percent(share)}</span>
        </div>
      )}
      {isOpen && (
        <p class="facts">
          {doing && <span class="doing">{doing}</span>}
          <span class="counts">{countsOf(job)}</span>
          {leftMs !== undefined && !isHeldUp(job) && <span>{leftOf(leftMs)}</span>}
          {created && <span>created {elapsed(now - Date.parse(created))} ago</span>}
        </p>
      )}
      <p class="message" role="status">
        {status === 'failed' ? failureOf(job) : job.message}
      </p>
      {isOpen && retried > 0 && error && !job.message.includes(error) && (
        <p class="hint">The last attempt failed: {error}</p>
      )}
      {advice && <p class="advice">{advice.replaceAll('`', '')}</p>}
    </section>
  );
}

/** Shows the timeline. It reads it again when the job has another entry. */
function TimelinePanel({ job }: { job: Job }) {
  const sluice = useSluice();
  const { id, status, run, attempt, stage, waiting_for: waiting } = job;
  const state = [run, attempt, status, stage, waiting?.what].join(' ');
  // The key stays, so that the former timeline shows until the next one is there.
  const { data, problem, reload } = useRequest(id, (signal) => sluice.timeline(id, { signal }));
  const read = useRef(state);
  useEffect(() => {
    if (read.current === state) return;
    read.current = state;
    reload();
  }, [state, reload]);
  const now = useNow();
  const skew = useSkew(job, now);
  return (
    <section class="panel" aria-labelledby="timeline-heading">
      <h2 id="timeline-heading">Timeline</h2>
      {problem && !data ? (
        <Problem problem={problem} onRetry={reload} />
      ) : data ? (
        <Waterfall timeline={data} now={now + skew} />
      ) : (
        <p class="hint">Loading the timeline…</p>
      )}
    </section>
  );
}

/** Least difference of the clocks that counts, in ms. Times of a job are whole seconds. */
const LEAST_SKEW_MS = 2000;

/** Estimates how far the server's clock is ahead of the browser's, from changes that arrive while the view is open. @returns ms */
function useSkew({ version, updated_at: updated }: Job, now: number): number {
  const seen = useRef({ version, skew: 0 });
  if (seen.current.version !== version) {
    const skew = updated === undefined ? 0 : Date.parse(updated) - now;
    seen.current = { version, skew: Math.abs(skew) < LEAST_SKEW_MS ? 0 : skew };
  }
  return seen.current.skew;
}
