import { useEffect, useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import type { Job } from '../../src/contract/job.ts';
import type { SluiceError } from '../sdk/sluice.ts';

interface FollowedJob {
  /** Last known state. It stays after the server has lost the job. */
  job: Job | undefined;
  /** Whether the server does not know the job, or no longer. It may come back. */
  isUnknown: boolean;
  /** Reason why the job cannot be followed. */
  problem: SluiceError | undefined;
}

/** Follows a job over all its runs. */
export function useJob(id: string): FollowedJob {
  const sluice = useSluice();
  const [state, setState] = useState<FollowedJob>({ job: undefined, isUnknown: false, problem: undefined });
  useEffect(() => {
    const watch = sluice.watch(id, {
      follow: true,
      onJob: (job) => setState({ job, isUnknown: false, problem: undefined }),
      onUnknown: () => setState((former) => ({ ...former, isUnknown: true })),
    });
    watch.done.catch((problem: SluiceError) => {
      // `onUnknown` tells of a lost job, and a stopped watch has no reader.
      if (problem.code !== 'closed' && problem.code !== 'job_not_found')
        setState((former) => ({ ...former, problem }));
    });
    return () => watch.stop();
  }, [sluice, id]);
  return state;
}
