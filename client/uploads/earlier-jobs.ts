import { useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import { sayProblem } from '../app/toasts.tsx';
import type { Job } from '../../src/contract/job.ts';

const PAGE = 200;

/** Jobs older than those that the page follows. They have ended, so the page reads them once. */
export interface EarlierJobs {
  jobs: readonly Job[];
  isLoading: boolean;
  hasMore: boolean;
  /** Reads the next page. @param before creation time of the oldest followed job */
  load(before: string): Promise<void>;
}

export function useEarlierJobs(): EarlierJobs {
  const sluice = useSluice();
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [cursor, setCursor] = useState<{ before: string; next: string | undefined }>();
  const [isLoading, setLoading] = useState(false);
  const load = async (before: string) => {
    setLoading(true);
    try {
      // Jobs have whole seconds, so the last second is read whole.
      const from = cursor?.before ?? new Date(Date.parse(before) + 1000).toISOString();
      const next = cursor?.next;
      const page = await sluice.jobs({
        created_before: from,
        limit: PAGE,
        ...(next !== undefined && { cursor: next }),
      });
      setJobs((former) => [...former, ...page.jobs]);
      setCursor({ before: from, next: page.next_cursor });
    } catch (error) {
      sayProblem(error);
    } finally {
      setLoading(false);
    }
  };
  return { jobs, isLoading, hasMore: !cursor || cursor.next !== undefined, load };
}
