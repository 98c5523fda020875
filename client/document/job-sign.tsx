import { useEffect, useState } from 'preact/hooks';

import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import type { SluiceError } from '../sdk/sluice.ts';
import { isTerminal, type Job } from '../../src/contract/job.ts';
import { failureOf, shownStatus, statusWords } from '../wording/jobs.ts';

/** A job that this page has started. */
export interface StartedJob {
  id: string;
  /** Text to show until it ends. */
  words: string;
}

/** Follows a job to its end, and says why it failed. */
export function JobSign({ started: { id, words } }: { started: StartedJob }) {
  const sluice = useSluice();
  const [job, setJob] = useState<Job>();
  const [problem, setProblem] = useState<SluiceError>();
  useEffect(() => {
    const watch = sluice.watch(id, { onJob: setJob });
    watch.done.then(setJob, (error: SluiceError) => {
      if (error.code !== 'closed') setProblem(error);
    });
    return () => watch.stop();
  }, [sluice, id]);
  const status = job ? shownStatus(job) : 'queued';
  return (
    <p class="mark-line job-sign" role="status">
      <StatusBadge state={status} words={statusWords(status)} />
      {(!job || !isTerminal(job.status)) && <span>{words}</span>}
      {job?.status === 'failed' && <span class="field-error">{failureOf(job)}</span>}
      {problem && <span class="field-error">{problem.message}</span>}
      <a href={hrefOf('job', id)}>See its job</a>
    </p>
  );
}
