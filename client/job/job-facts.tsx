import type { ComponentChildren } from 'preact';

import { hrefOf } from '../app/route.ts';
import type { Job } from '../../src/contract/job.ts';
import { attemptOf, unreadOf } from '../wording/jobs.ts';
import { quantity, whole } from '../wording/numbers.ts';
import { duration, moment } from '../wording/times.ts';
import { CopiedId } from './copied-id.tsx';

/** Shows the document, the collection and the batch of a job, its attempts and its times. */
export function JobFacts({ job }: { job: Job }) {
  const {
    id,
    collection,
    batch,
    result,
    run,
    attempt,
    stalls,
    created_at: created,
    started_at: started,
  } = job;
  return (
    <dl class="job-facts">
      <Fact name="Job">
        <CopiedId id={id} name="id of the job" />
      </Fact>
      {result && (
        <Fact name="Document">
          <a href={hrefOf('document', result.document_id)}>{job.filename ?? 'Open the document'}</a>{' '}
          <CopiedId id={result.document_id} name="id of the document" />
        </Fact>
      )}
      {collection !== undefined && (
        <Fact name="Collection">
          <a href={hrefOf('library', collection)}>{collection}</a>
        </Fact>
      )}
      {batch !== undefined && (
        <Fact name="Batch">
          <a href={hrefOf('batch', batch)}>{batch}</a>
        </Fact>
      )}
      <Fact name="Run">
        {whole(run)}
        {attempt !== undefined && attempt > 0 && `, ${(attemptOf(job) || 'Attempt 1').toLowerCase()}`}
      </Fact>
      {stalls !== undefined && stalls > 0 && (
        <Fact name="Lost workers">{`${quantity(stalls, 'worker')} ended while it held the job`}</Fact>
      )}
      {created !== undefined && <Fact name="Created">{moment(created)}</Fact>}
      {started !== undefined && <Fact name="Started">{moment(started)}</Fact>}
      {job.completed_at !== undefined && <Fact name="Ended">{moment(job.completed_at)}</Fact>}
      {result && <Fact name="Took">{duration(result.processing_time_ms)}</Fact>}
      {result && <Fact name="Chunks">{whole(result.chunk_count)}</Fact>}
      {result?.duplicate && <Fact name="Duplicate">An earlier upload had made the same document.</Fact>}
      {unreadOf(job) && <Fact name="Unread">{unreadOf(job)}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
