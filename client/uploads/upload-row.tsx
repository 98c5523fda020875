import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { say, sayProblem } from '../app/toasts.tsx';
import { isTerminal, type Job } from '../../src/contract/job.ts';
import { Bar } from '../parts/bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useCostProgress } from '../state/cost-progress.ts';
import { useSpeed } from '../state/use-speed.ts';
import {
  countsOf,
  failureOf,
  leftOf,
  mayRetry,
  shownStatus,
  STAGE_WORDS,
  statusWords,
  unreadOf,
  waitingOf,
} from '../wording/jobs.ts';
import { percent, quantity, tenths } from '../wording/numbers.ts';
import { ago, duration } from '../wording/times.ts';

/** Words for jobs without an upload. */
const OTHER_TYPES: Record<string, string> = {
  document_reindex: 'Indexes again',
  collection_reembed: 'Embeds a collection again',
};

/** Shows a job of the server's list. */
export function UploadRow({ job, now }: { job: Job; now: number }) {
  const status = shownStatus(job);
  const name = job.filename ?? job.collection ?? job.id;
  const isActive = !isTerminal(job.status);
  return (
    <div class="row" data-status={status} data-job={job.id}>
      <div class="row-head">
        <h3 class="filename cut" title={name}>
          <a href={job.result ? hrefOf('document', job.result.document_id) : hrefOf('job', job.id)}>{name}</a>
        </h3>
        <StatusBadge state={status} words={statusWords(status)} />
      </div>
      {isActive ? <Progress job={job} now={now} name={name} /> : <Outcome job={job} now={now} />}
      <div class="row-actions">
        <Actions job={job} name={name} />
      </div>
    </div>
  );
}

function Progress({ job, now, name }: { job: Job; now: number; name: string }) {
  const { share, leftMs } = useCostProgress(job, now);
  const { stage, waiting_for: waiting, counts = {}, retry_count: retries = 0, max_retries: most } = job;
  const speed = useSpeed(stage ?? '', stage === 'parse' ? counts.pages_done : counts.chunks_done, now);
  const works = job.status === 'processing' && stage !== undefined;
  return (
    <>
      <Bar share={share} label={`Progress of ${name}`} />
      <p class="facts">
        <span>{percent(share)}</span>
        {OTHER_TYPES[job.type] && <span>{OTHER_TYPES[job.type]}</span>}
        {works && <span>{STAGE_WORDS[stage]}</span>}
        <span class="counts">{works ? countsOf(job) : ''}</span>
        {works && speed !== undefined && speed > 0 && (
          <span>
            {tenths(speed)} {stage === 'parse' ? 'pages' : 'chunks'}/s
          </span>
        )}
        {waiting && <span>{waitingOf(waiting)}</span>}
        {leftMs !== undefined && <span>{leftOf(leftMs)}</span>}
        {retries > 0 && (
          <span>
            {most === undefined ? `attempt ${retries + 1}` : `attempt ${retries + 1} of ${most + 1}`}
          </span>
        )}
        <span class="cut">in {job.collection}</span>
      </p>
    </>
  );
}

function Outcome({ job, now }: { job: Job; now: number }) {
  const { result, completed_at: ended } = job;
  const unread = unreadOf(job);
  return (
    <>
      {job.status === 'failed' && (
        <p class="message" title={failureOf(job)}>
          {failureOf(job)}
        </p>
      )}
      <p class="facts">
        {result && (
          <>
            <span>
              {result.duplicate
                ? 'An earlier upload made the same document'
                : quantity(result.chunk_count, 'chunk')}
            </span>
            {!result.duplicate && <span>ready in {duration(result.processing_time_ms)}</span>}
          </>
        )}
        {unread && <span class="warning">{unread}</span>}
        {OTHER_TYPES[job.type] && <span>{OTHER_TYPES[job.type]}</span>}
        <span class="cut">in {job.collection}</span>
        {ended && <span>{ago(ended, now)}</span>}
      </p>
    </>
  );
}

function Actions({ job, name }: { job: Job; name: string }) {
  const sluice = useSluice();
  const retry = () => void sluice.retry(job.id).catch(sayProblem);
  const cancel = () => {
    sluice
      .cancel(job.id)
      .then(() => say(`${name} is cancelled.`, { action: { label: 'Undo', run: retry } }), sayProblem);
  };
  return (
    <>
      {(mayRetry(job) || job.status === 'retrying') && (
        <button
          type="button"
          class="icon-button"
          aria-label={job.status === 'retrying' ? `Retry ${name} now` : `Retry ${name}`}
          title={job.status === 'retrying' ? 'Retry now' : 'Retry'}
          onClick={retry}
        >
          <Icon name="retry" />
        </button>
      )}
      {!isTerminal(job.status) && (
        <button
          type="button"
          class="icon-button"
          aria-label={`Cancel ${name}`}
          title="Cancel"
          onClick={cancel}
        >
          <Icon name="cancel" />
        </button>
      )}
      <a class="icon-button" href={hrefOf('job', job.id)} aria-label={`Details of ${name}`} title="Details">
        <Icon name="more" />
      </a>
    </>
  );
}
