import { useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import { sayProblem } from '../app/toasts.tsx';
import type { Job } from '../../src/contract/job.ts';

const PAGE = 200;

/** Ended jobs beyond those that the page follows. They change no more, so the page reads them once. */
export interface EarlierJobs {
  jobs: readonly Job[];
  isLoading: boolean;
  hasMore: boolean;
  /** Reads on until some are new. @param isShown whether the page shows a job already */
  load(isShown: (id: string) => boolean): Promise<void>;
}

/** Reads the server's whole list in pages. The followed jobs are the latest to end, so they may stand anywhere in it. */
export function useEarlierJobs(): EarlierJobs {
  const sluice = useSluice();
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [next, setNext] = useState<{ cursor: string | undefined }>();
  const [isLoading, setLoading] = useState(false);
  const load = async (isShown: (id: string) => boolean) => {
    setLoading(true);
    let cursor = next?.cursor;
    try {
      for (let found = 0; found === 0;) {
        const page = await sluice.jobs({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
        const added = page.jobs.filter(({ id }) => !isShown(id));
        found = added.length;
        cursor = page.next_cursor;
        setJobs((former) => [...former, ...added]);
        setNext({ cursor });
        if (cursor === undefined) return;
      }
    } catch (error) {
      sayProblem(error);
    } finally {
      setLoading(false);
    }
  };
  return { jobs, isLoading, hasMore: !next || next.cursor !== undefined, load };
}
