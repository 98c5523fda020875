import { useEffect, useRef, useState } from 'preact/hooks';

import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { JobRow } from '../parts/jobs/job-row.tsx';
import { Problem } from '../parts/problem.tsx';
import type { JobQuery } from '../sdk/api.ts';
import { useNow } from '../state/use-now.ts';
import { useRequest } from '../state/use-request.ts';

/** Number of jobs on a page. */
const PAGE = 50;
/** Shortest time between two reads, in ms. A list costs the server as much as twenty other requests. */
const PAUSE_MS = 1000;

const CHOICES = [
  { status: undefined, title: 'All' },
  { status: 'queued', title: 'Waiting' },
  { status: 'processing', title: 'Working' },
  { status: 'retrying', title: 'Retrying' },
  { status: 'failed', title: 'Failed' },
  { status: 'completed', title: 'Completed' },
] as const;
type Status = (typeof CHOICES)[number]['status'];

/**
 * Shows the jobs of a batch in pages. No channel follows them, so it reads its page again when the counters change.
 * @param changed grows with the counters
 */
export function BatchJobs({
  name,
  query,
  changed,
}: {
  name: string;
  query: Readonly<Record<string, string>>;
  changed: string;
}) {
  const sluice = useSluice();
  const now = useNow();
  const status: Status = CHOICES.find((choice) => choice.status === query['status'])?.status;
  const { code } = query;
  const filter: JobQuery = {
    batch: name,
    ...(status && { status: [status] }),
    ...(code && { error_code: [code] }),
    limit: PAGE,
  };
  const kind = JSON.stringify(filter);
  const [pages, setPages] = useState<{ kind: string; cursors: string[] }>({ kind, cursors: [] });
  const cursors = pages.kind === kind ? pages.cursors : [];
  const cursor = cursors.at(-1);
  const asked = { ...filter, ...(cursor !== undefined && { cursor }) };
  const { data, problem, isLoading, reload } = useRequest(JSON.stringify(asked), (signal) =>
    sluice.jobs(asked, { signal }),
  );
  usePaced(changed, reload, isLoading);
  const jobs = data?.jobs ?? [];
  const next = data?.next_cursor;
  return (
    <section class="panel" aria-labelledby="batch-jobs-heading">
      <h2 id="batch-jobs-heading">Jobs</h2>
      <nav class="choices job-tabs" aria-label="Jobs by state">
        {CHOICES.map((choice) => (
          <a
            key={choice.title}
            href={hrefOf('batch', name, { status: choice.status })}
            aria-current={choice.status === status && !code ? 'page' : undefined}
          >
            {choice.title}
          </a>
        ))}
      </nav>
      {code && (
        <p class="hint">
          Only jobs with the code <code>{code}</code>. <a href={hrefOf('batch', name)}>Show all</a>
        </p>
      )}
      {problem && !data ? (
        <Problem problem={problem} onRetry={reload} />
      ) : !data ? (
        <p class="notice">Loading the jobs…</p>
      ) : jobs.length === 0 ? (
        <EmptyState title="No job here">
          <p>Ended jobs are kept for a limited time.</p>
        </EmptyState>
      ) : (
        <ul class="batch-jobs" aria-label="Jobs of the batch">
          {jobs.map((job) => (
            <li key={job.id}>
              <JobRow job={job} now={now} />
            </li>
          ))}
        </ul>
      )}
      {(cursors.length > 0 || next !== undefined) && (
        <nav class="actions" aria-label="Pages of the jobs">
          <button
            type="button"
            class="button quiet"
            disabled={cursors.length === 0}
            onClick={() => setPages({ kind, cursors: cursors.slice(0, -1) })}
          >
            Newer
          </button>
          <button
            type="button"
            class="button quiet"
            disabled={next === undefined}
            onClick={() => next !== undefined && setPages({ kind, cursors: [...cursors, next] })}
          >
            Older
          </button>
        </nav>
      )}
    </section>
  );
}

/** Calls `reload` when `changed` has changed, at most once in `PAUSE_MS`, and not while a call runs. */
function usePaced(changed: string, reload: () => void, isLoading: boolean): void {
  const read = useRef({ changed, at: Date.now() });
  useEffect(() => {
    if (isLoading || read.current.changed === changed) return;
    const wait = Math.max(0, read.current.at + PAUSE_MS - Date.now());
    const timer = setTimeout(() => {
      read.current = { changed, at: Date.now() };
      reload();
    }, wait);
    return () => clearTimeout(timer);
  }, [changed, reload, isLoading]);
}
