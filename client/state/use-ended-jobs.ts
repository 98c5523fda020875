import { useEffect, useRef } from 'preact/hooks';

import { useJobs } from './use-jobs.ts';

/** Number of ended jobs to follow. The caller only learns that a job has ended. */
const RECENT = 20;
/** Shortest time in ms between two calls. Hundreds of jobs end in a second. */
const PAUSE_MS = 1000;

/**
 * Calls back after jobs have ended, at most once a second.
 * @param collection of the jobs; `undefined` for all
 */
export function useEndedJobs(collection: string | undefined, onEnd: () => void): void {
  const { jobs, isReady } = useJobs({
    ...(collection !== undefined && { collection }),
    status: ['completed', 'failed'],
    recent: RECENT,
  });
  const latest = useRef(onEnd);
  latest.current = onEnd;
  const seen = useRef<string | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // A rerun raises the version of a job.
  const ends = isReady ? [...jobs.values()].map(({ id, version }) => `${id} ${version}`).join() : undefined;
  useEffect(() => {
    // The first jobs count, too: one may have ended after the list was read, and before these arrived.
    if (ends === undefined || seen.current === ends) return;
    seen.current = ends;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, PAUSE_MS);
  }, [ends]);
  useEffect(() => () => clearTimeout(timer.current), []);
}
