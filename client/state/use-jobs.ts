import { useEffect, useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import type { Job } from '../../src/contract/job.ts';
import type { JobsFilter, JobsWatch } from '../sdk/api.ts';
import type { SluiceError } from '../sdk/sluice.ts';

/** Shortest time between two renderings, in ms. Thousands of jobs change in one second. */
const PAUSE_MS = 200;

export interface FollowedJobs {
  jobs: ReadonlyMap<string, Job>;
  /** Whether `jobs` is complete. */
  isReady: boolean;
  problem: SluiceError | undefined;
}

const NO_JOBS: FollowedJobs = { jobs: new Map(), isReady: false, problem: undefined };

/** Follows all active jobs, or those that match a filter. It renders at most five times a second. */
export function useJobs(filter?: JobsFilter): FollowedJobs {
  const sluice = useSluice();
  const [state, setState] = useState(NO_JOBS);
  const key = JSON.stringify(filter ?? null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReady = false;
    let problem: SluiceError | undefined;
    let watch: JobsWatch | undefined;
    const show = () => {
      timer = undefined;
      // Copies the map, because components compare it by identity.
      setState({ jobs: new Map(watch?.jobs), isReady, problem });
    };
    const onChange = () => (timer ??= setTimeout(show, PAUSE_MS));
    watch = filter ? sluice.watchJobs(filter, { onChange }) : sluice.watchActive({ onChange });
    watch.ready.then(
      () => {
        isReady = true;
        show();
      },
      (error: SluiceError) => {
        if (error.code === 'closed') return;
        problem = error;
        show();
      },
    );
    return () => {
      clearTimeout(timer);
      watch?.stop();
    };
  }, [sluice, key]);
  return state;
}
