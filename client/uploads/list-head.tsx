import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import type { Job } from '../../src/contract/job.ts';
import { useBulkChange } from '../parts/jobs/bulk-change.tsx';
import type { JobSelection } from '../sdk/api.ts';
import { mayRetry } from '../wording/jobs.ts';
import { quantity, whole } from '../wording/numbers.ts';
import { useUploadQueue } from './queue-context.ts';
import { GROUPS, type Group, type Row } from './rows.ts';
import { isUnsent } from './upload-queue.ts';

const GROUP_WORDS: Record<Group, string> = {
  all: 'All',
  active: 'Active',
  failed: 'Failed',
  completed: 'Completed',
  cancelled: 'Cancelled',
};
/** Number of rows above which the list has a search field. */
const MANY = 10;

interface HeadProps {
  rows: readonly Row[];
  counts: Record<Group, number>;
  group: Group;
  name: string;
  onName: (name: string) => void;
}

/** Shows the counts of the list, and the buttons for many files at once. */
export function ListHead({ rows, counts, group, name, onName }: HeadProps) {
  const sluice = useSluice();
  const queue = useUploadQueue();
  const unsent = rows.flatMap((row) => (row.type === 'sending' && isUnsent(row.item) ? [row.item] : []));
  const retryable = rows.flatMap((row) => (row.type === 'job' && isRetryable(row.job) ? [row.job] : []));
  const { ask, isRunning, dialog } = useBulkChange();
  const retryAll = () => {
    const codes = new Set(retryable.flatMap(({ error_code: code }) => code ?? []));
    const selection: JobSelection = { status: ['failed'], error_code: [...codes] };
    const words = 'all failed jobs of this server that may succeed';
    ask({ kind: 'retry', words, selection, run: () => sluice.retryJobs(selection) });
  };
  return (
    <>
      <div class="view-head">
        <h2 id="uploads-heading">Uploads</h2>
        {unsent.some(({ state }) => state !== 'paused') && (
          <button type="button" class="button quiet" onClick={() => queue.pauseAll()}>
            Pause all
          </button>
        )}
        {unsent.some(({ state }) => state === 'paused') && (
          <button type="button" class="button quiet" onClick={() => queue.resumeAll()}>
            Resume all
          </button>
        )}
        {unsent.length > 1 && (
          <button type="button" class="button quiet" onClick={() => queue.cancelAll()}>
            Cancel {quantity(unsent.length, 'unsent file')}
          </button>
        )}
        {retryable.length > 1 && (
          <button type="button" class="button quiet" disabled={isRunning} onClick={retryAll}>
            Retry all that may succeed…
          </button>
        )}
      </div>
      {dialog}
      {counts.all > 0 && (
        <div class="list-tools">
          <div class="choices" role="group" aria-label="Show">
            {GROUPS.filter((each) => each === 'all' || each === group || counts[each] > 0).map((each) => (
              <a
                key={each}
                href={hrefOf('uploads', undefined, { show: each === 'all' ? '' : each })}
                aria-current={each === group ? 'true' : undefined}
              >
                {GROUP_WORDS[each]} {whole(counts[each])}
              </a>
            ))}
          </div>
          {counts.all > MANY && (
            <input
              class="input"
              type="search"
              placeholder="Find a name"
              aria-label="Find a name in the list"
              value={name}
              onInput={({ currentTarget }) => onName(currentTarget.value)}
            />
          )}
        </div>
      )}
    </>
  );
}

/** Returns whether a retry of all includes a job. It leaves out cancelled ones, because that was meant. */
function isRetryable(job: Job): boolean {
  return job.status === 'failed' && job.error_code !== 'cancelled' && mayRetry(job);
}
