import { hrefOf } from '../app/route.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { JobRow, jobRowHeight } from '../parts/jobs/job-row.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import type { Job } from '../../src/contract/job.ts';
import { useIsNarrow } from '../state/use-media.ts';
import { useNow } from '../state/use-now.ts';
import { TAB_TITLES, type Filter, type Tab } from './tabs.ts';

const EMPTY_WORDS: Record<Tab, string> = {
  active: 'No job is active. Uploads appear here while they are processed.',
  waiting: 'No job waits.',
  retrying: 'No job waits for another attempt.',
  failed: 'No job has failed.',
  recent: 'No job has ended yet.',
};

/** Shows the jobs of one list. */
export function JobList({
  jobs,
  isReady,
  tab,
  filter,
}: {
  jobs: readonly Job[];
  isReady: boolean;
  tab: Tab;
  filter: Filter;
}) {
  const now = useNow();
  const isNarrow = useIsNarrow();
  if (!isReady && jobs.length === 0) return <p class="notice">Loading the jobs…</p>;
  if (jobs.length > 0)
    return (
      <VirtualList
        items={jobs}
        rowHeight={jobRowHeight(isNarrow)}
        keyOf={idOf}
        label={`${TAB_TITLES[tab]} jobs`}
        class="job-list"
      >
        {(job) => <JobRow job={job} now={now} />}
      </VirtualList>
    );
  if (Object.keys(filter).length > 0)
    return (
      <EmptyState title="No job matches the filter">
        <p>Collection and file name must match exactly.</p>
        <a class="button quiet" href={hrefOf('operations', undefined, { status: tab })}>
          Show all
        </a>
      </EmptyState>
    );
  return (
    <EmptyState title="Nothing here">
      <p>{EMPTY_WORDS[tab]}</p>
    </EmptyState>
  );
}

const idOf = ({ id }: Job): string => id;
