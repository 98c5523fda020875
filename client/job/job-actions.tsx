import { useState } from 'preact/hooks';

import { hrefOf } from '../app/route.ts';
import { say, sayProblem } from '../app/toasts.tsx';
import { useSluice } from '../app/sluice-context.ts';
import { isTerminal, type Job } from '../../src/contract/job.ts';
import { mayRetry } from '../wording/jobs.ts';

/** Shows the buttons of a job. */
export function JobActions({ job }: { job: Job }) {
  const sluice = useSluice();
  const [isBusy, setBusy] = useState(false);
  const { id, status, result, waiting_for: waiting } = job;
  const act = async (call: () => Promise<unknown>, words: string) => {
    setBusy(true);
    try {
      await call();
      say(words);
    } catch (error) {
      sayProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const retry = () => act(() => sluice.retry(id), 'The job runs again.');
  return (
    <div class="actions">
      {result && (
        <a class="button quiet" href={hrefOf('document', result.document_id)}>
          Open the document
        </a>
      )}
      {mayRetry(job) && (
        <button type="button" class="button" disabled={isBusy} onClick={() => void retry()}>
          Retry
        </button>
      )}
      {status === 'retrying' && waiting?.what === 'retry' && (
        <button
          type="button"
          class="button"
          disabled={isBusy}
          onClick={() => void act(() => sluice.retry(id), 'The next attempt begins now.')}
        >
          Retry now
        </button>
      )}
      {!isTerminal(status) && (
        <button
          type="button"
          class="button danger"
          disabled={isBusy}
          onClick={() => void act(() => sluice.cancel(id), 'The job is cancelled. Retry undoes that.')}
        >
          Cancel
        </button>
      )}
    </div>
  );
}
