import type { ViewProps } from '../app/app.tsx';
import { useIsHeard } from '../app/link.ts';
import { hrefOf, replaceRoute } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { FailureGroups } from '../parts/jobs/failure-groups.tsx';
import { useBulkChange } from '../parts/jobs/bulk-change.tsx';
import { Problem } from '../parts/problem.tsx';
import { useNow } from '../state/use-now.ts';
import { retryableCodes } from '../wording/jobs.ts';
import { quantity, whole } from '../wording/numbers.ts';
import { FilterForm } from './filter-form.tsx';
import { JobList } from './job-list.tsx';
import { MissingScope } from './missing-scope.tsx';
import { StandstillBanner } from './standstill-banner.tsx';
import { causesOf, type Waits } from './standstill.ts';
import { TABS, TAB_TITLES, filterWords, readQuery, selectionOf, type Filter, type Tab } from './tabs.ts';
import { Trends } from './trends.tsx';
import { FAILURES, RECENT, useOperations } from './use-operations.ts';
import { oldestWaitOf, useStats, type FollowedStats } from './use-stats.ts';

/** Shows the queue: its jobs by state, its failures by code, its pace, and why it stands still. */
export function OperationsPage({ route }: ViewProps) {
  const sluice = useSluice();
  const { tab, filter } = readQuery(route.query);
  const followed = useStats();
  const operations = useOperations(filter);
  const { ask, isRunning, dialog } = useBulkChange();
  const { lists, groups, active, failed, recent, waits } = operations;

  const change = (kind: 'cancel' | 'retry', selected: Filter = filter) => {
    const selection = selectionOf(tab, selected);
    const run = () => (kind === 'cancel' ? sluice.cancelJobs(selection) : sluice.retryJobs(selection));
    ask({ kind, words: filterWords(tab, selected), selection, run });
  };
  const retryable = retryableCodes(groups);
  const retryAll = () => {
    if (tab === 'retrying' || filter.code !== undefined) return change('retry');
    const selection = { ...selectionOf(tab, filter), error_code: retryable };
    const words = `${filterWords(tab, filter)} that a retry may fix`;
    ask({ kind: 'retry', words, selection, run: () => sluice.retryJobs(selection) });
  };
  const mayRetryAll =
    tab === 'retrying' || (tab === 'failed' && (filter.code !== undefined || retryable.length > 0));
  const source = tab === 'failed' ? failed : tab === 'recent' ? recent : active;
  const problem = active.problem ?? followed.problem;
  if (problem)
    return (
      <div class="view operations">
        <h1>Operations</h1>
        {problem.code === 'forbidden' ? <MissingScope problem={problem} /> : <Problem problem={problem} />}
      </div>
    );
  return (
    <div class="view operations">
      <div class="view-head">
        <h1>Operations</h1>
      </div>
      <div class="condition">
        <Standstill waits={waits} followed={followed} />
        <Trends followed={followed} />
      </div>
      <section class="panel" aria-labelledby="jobs-heading">
        <h2 id="jobs-heading">Jobs</h2>
        <nav class="choices job-tabs" aria-label="Jobs by state">
          {TABS.map((name) => (
            <a
              key={name}
              href={hrefOf('operations', undefined, queryOf(name, filter))}
              aria-current={name === tab ? 'page' : undefined}
            >
              {TAB_TITLES[name]}
              <span class="count" data-count={lists[name].length}>
                {countOf(name, lists[name].length)}
              </span>
            </a>
          ))}
        </nav>
        <FilterForm
          filter={filter}
          codes={groups.map(({ code }) => code)}
          collections={operations.collections}
          onFilter={(next) => replaceRoute(hrefOf('operations', undefined, queryOf(tab, next)))}
        />
        {tab === 'failed' && groups.length > 0 && (
          <>
            <FailureGroups
              groups={groups}
              shownCode={filter.code}
              hrefOfCode={(code) => hrefOf('operations', undefined, queryOf('failed', { ...filter, code }))}
              isDisabled={isRunning}
              onRetry={(code) => change('retry', { ...filter, code })}
            />
            {failed.jobs.size >= FAILURES && (
              <p class="hint">
                The list shows the latest {whole(FAILURES)} failures. A retry includes the others, too.
              </p>
            )}
          </>
        )}
        <div class="list-head">
          <p class="hint">{lists[tab].length > 0 && shownWords(tab, lists[tab].length)}</p>
          <p class="hint" role="status">
            {isRunning && 'The server changes the jobs…'}
          </p>
          <div class="actions">
            {mayRetryAll && lists[tab].length > 0 && (
              <button type="button" class="button quiet" disabled={isRunning} onClick={retryAll}>
                {tab === 'retrying' ? 'Retry all now…' : 'Retry all that may succeed…'}
              </button>
            )}
            {(tab === 'active' || tab === 'waiting' || tab === 'retrying') && lists[tab].length > 0 && (
              <button
                type="button"
                class="button danger"
                disabled={isRunning}
                onClick={() => change('cancel')}
              >
                Cancel all of these…
              </button>
            )}
          </div>
        </div>
        {source.problem ? (
          <Problem problem={source.problem} />
        ) : (
          <JobList jobs={lists[tab]} isReady={source.isReady} tab={tab} filter={filter} />
        )}
      </section>
      {dialog}
    </div>
  );
}

/** Renders each second, because time alone tells that no worker takes a job. */
function Standstill({ waits, followed }: { waits: Waits; followed: FollowedStats }) {
  const now = useNow();
  const isHeard = useIsHeard();
  return (
    <StandstillBanner causes={isHeard ? causesOf(waits, followed.stats, oldestWaitOf(followed, now)) : []} />
  );
}

function queryOf(tab: Tab, { collection, filename, code }: Filter): Record<string, string | undefined> {
  return { status: tab === 'active' ? undefined : tab, collection, filename, code };
}

/** Formats the length of a list. The lists of ended jobs have a limit: “500+”. */
function countOf(tab: Tab, count: number): string {
  const most = tab === 'failed' ? FAILURES : tab === 'recent' ? RECENT : Infinity;
  return count >= most ? `${whole(most)}+` : whole(count);
}

function shownWords(tab: Tab, count: number): string {
  const shown = quantity(count, 'job');
  if (tab === 'failed') return `${shown}, the latest first`;
  if (tab === 'recent') return `${shown} that ended last`;
  return tab === 'active' ? `${shown}, those at work first` : `${shown}, the oldest first`;
}
