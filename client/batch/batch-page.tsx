import type { ViewProps } from '../app/app.tsx';
import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import type { BatchView as Batch } from '../../src/contract/batches/batch.ts';
import { Bar } from '../parts/bar.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { FailureGroups } from '../parts/jobs/failure-groups.tsx';
import { useBulkChange } from '../parts/jobs/bulk-change.tsx';
import { Problem } from '../parts/problem.tsx';
import { useNow } from '../state/use-now.ts';
import { groupsOf, openOf, summaryOf } from '../wording/batches.ts';
import { adviceOf, leftOf, retryableCodes } from '../wording/jobs.ts';
import { fileSize, percent, whole } from '../wording/numbers.ts';
import { moment } from '../wording/times.ts';
import { BatchJobs } from './batch-jobs.tsx';

import { useBatch } from './use-batch.ts';

/** Shows a batch: its counts, its failures by code and its jobs. */
export function BatchPage({ route }: ViewProps) {
  const { id } = route;
  if (id === undefined)
    return (
      <EmptyState title="The address names no batch">
        <a class="button" href={hrefOf('uploads')}>
          Go to the uploads
        </a>
      </EmptyState>
    );
  return <ShownBatch name={id} query={route.query} />;
}

function ShownBatch({ name, query }: { name: string; query: Readonly<Record<string, string>> }) {
  const sluice = useSluice();
  const { batch, at, problem, reload } = useBatch(name);
  const { ask, isRunning, dialog } = useBulkChange();
  const groups = batch ? groupsOf(batch) : [];
  const isOpen = batch !== undefined && openOf(batch) > 0;
  const retryable = retryableCodes(groups);
  const cancel = () =>
    ask({
      kind: 'cancel',
      words: `jobs of the batch “${name}” that have not ended`,
      selection: { batch: name, status: ['queued', 'processing', 'retrying'] },
      run: () => sluice.cancelBatch(name),
    });
  const retry = (code: string) =>
    ask({
      kind: 'retry',
      words: `failed jobs of the batch “${name}” with the code ${code}`,
      selection: { batch: name, error_code: [code] },
      run: () => sluice.retryBatch(name, code),
    });
  const retryAll = () => {
    const selection = { batch: name, error_code: retryable };
    const words = `failed jobs of the batch “${name}” that a retry may fix`;
    ask({ kind: 'retry', words, selection, run: () => sluice.retryJobs(selection) });
  };
  return (
    <div class="view batch" data-state={batch ? (isOpen ? 'processing' : 'completed') : undefined}>
      <div class="view-head">
        <h1>{name}</h1>
        <div class="actions">
          {retryable.length > 0 && (
            <button type="button" class="button" disabled={isRunning} onClick={retryAll}>
              Retry all that may succeed…
            </button>
          )}
          {isOpen && (
            <button type="button" class="button danger" disabled={isRunning} onClick={cancel}>
              Cancel the rest…
            </button>
          )}
        </div>
      </div>
      {problem?.code === 'batch_not_found' ? (
        <EmptyState title="There is no such batch">
          <p>{adviceOf(problem.code)}</p>
          <button type="button" class="button quiet" onClick={reload}>
            Try again
          </button>
        </EmptyState>
      ) : problem ? (
        <Problem problem={problem} onRetry={reload} />
      ) : batch ? (
        <BatchState batch={batch} at={at} />
      ) : (
        <p class="notice">Loading the batch…</p>
      )}
      {groups.length > 0 && (
        <section class="panel" aria-labelledby="batch-failures-heading">
          <h2 id="batch-failures-heading">Failures</h2>
          <FailureGroups
            groups={groups}
            shownCode={query['code']}
            hrefOfCode={(code) => hrefOf('batch', name, { status: 'failed', code })}
            isDisabled={isRunning}
            onRetry={retry}
          />
        </section>
      )}
      {batch && (
        <BatchJobs name={name} query={query} changed={JSON.stringify([batch.counts, batch.updated_at])} />
      )}
      {dialog}
    </div>
  );
}

function BatchState({ batch, at }: { batch: Batch; at: number }) {
  const now = useNow();
  const { counts, bytes, total, time_left_ms: left } = batch;
  const open = openOf(batch);
  const share = bytes.total === 0 ? (total - open) / Math.max(1, total) : bytes.done / bytes.total;
  const parts = [
    { name: 'Waiting', count: counts.queued },
    { name: 'Working', count: counts.processing },
    { name: 'Retrying', count: counts.retrying },
    { name: 'Completed', count: counts.completed },
    { name: 'Failed', count: counts.failed },
    { name: 'Cancelled', count: counts.cancelled },
  ];
  return (
    <section class="panel" aria-label="State of the batch">
      <p class="batch-summary" role="status">
        {total > 0 && open === 0 && 'Finished: '}
        {summaryOf(batch)}
      </p>
      <div class="job-progress">
        <Bar share={open === 0 ? 1 : Math.min(share, 0.99)} label="Progress of the batch" />
        <span class="percent">{percent(open === 0 ? 1 : Math.min(share, 0.99))}</span>
      </div>
      <p class="facts">
        <span>
          {fileSize(bytes.done)} of {fileSize(bytes.total)}
        </span>
        {left !== undefined && counts.queued + counts.processing > 0 && (
          <span>{leftOf(Math.max(0, left - (now - at)))}</span>
        )}
        <span>created {moment(batch.created_at)}</span>
        {open === 0 && <span>ended {moment(batch.updated_at)}</span>}
      </p>
      <dl class="batch-counts">
        {parts.map(({ name, count }) => (
          <div key={name} data-count={count}>
            <dt>{name}</dt>
            <dd>{whole(count)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
