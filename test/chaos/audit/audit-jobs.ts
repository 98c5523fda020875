import { outcomeOf, type Job } from '../../../src/contract/job.ts';
import type { Circumstances, Violation } from './audit-stores.ts';
import type { Facts } from './facts.ts';
import type { Accepted, ControlResponse, Workload } from '../workload.ts';

/** Checks how every job ended, against the requests of its client. */
export function auditJobs(facts: Facts, circumstances: Circumstances): Violation[] {
  const accepted = new Map(circumstances.workload.accepted.map((upload) => [upload.id, upload]));
  return [
    ...[...facts.jobs].flatMap(([id, found]) =>
      auditJob(id, found?.job, accepted.get(id), facts, circumstances),
    ),
    ...auditKeys(facts, circumstances),
  ];
}

function auditJob(
  id: string,
  job: Job | undefined,
  upload: Accepted | undefined,
  { jobsWithoutUpload }: Facts,
  { workload, rolledBack }: Circumstances,
): Violation[] {
  const violation = (rule: string, detail: string): Violation[] => [{ rule, jobId: id, detail }];
  const filename = job?.filename ?? upload?.upload.filename ?? '';
  const deletes = deletesOf(filename, workload);
  if (!job) {
    // A Redis that went back need not know the job of a deleted document.
    if (rolledBack && deletes.length > 0) return [];
    return violation('an accepted upload is known', `GET /api/jobs/${id} responds with 404`);
  }
  const { status, run } = job;
  const outcome = outcomeOf(job);
  if (!outcome) return violation('every job ends', `it is ${status}`);
  if (jobsWithoutUpload.has(id)) {
    // The document's own job may run once more meanwhile, because Redis forgot its end. A delete cancels the reindex, and the
    // reembedder cancels some of its own jobs.
    const fine =
      outcome === 'completed' ||
      job.error_code === 'document_changed' ||
      (outcome === 'cancelled' && (deletes.length > 0 || job.type === 'collection_reembed'));
    return fine ? [] : violation('no fault fails a job', `it failed: ${job.error_code} ${job.error}`);
  }
  const hasText = uploadsOf(filename, workload).some(
    ({ contentHash }) => workload.plan.markerOf(contentHash) !== undefined,
  );
  if (outcome === 'failed' && hasText)
    return violation('no fault fails a job', `it failed: ${job.error_code} ${job.error}`);
  if (status === 'completed' && !hasText) return violation('no text, no document', 'it was completed');

  const cancels = upload?.cancels ?? [];
  const retries = upload?.retries ?? [];
  if (outcome === 'cancelled' && !cancels.some(mayHaveWorked) && deletes.length === 0)
    return violation('a job is cancelled only on request', `cancels: ${list(cancels)}`);
  if (run > 1 && !retries.some(mayHaveWorked))
    return violation('a job is rerun only on request', `run ${run}, retries: ${list(retries)}`);
  if (cancels.some(worked) && !retries.some(mayHaveWorked) && outcome !== 'cancelled')
    return violation(
      'cancelled is cancelled',
      `the cancel's response was ${list(cancels)}, but the outcome is ${outcome}`,
    );
  // A Redis that went back may forget an acknowledged rerun, because the job has ended in any case.
  if (!rolledBack && retries.some(worked) && run < 2)
    return violation(
      'a retry makes a run',
      `the retry's response was ${list(retries)}, but the run is ${run}`,
    );
  return [];
}

const worked = (response: ControlResponse) => response.worked;
/** Returns whether the request may have had an effect. It may also without a response, after a 5xx, and after a 404 of a Redis that forgot. */
export const mayHaveWorked = ({ worked, status }: ControlResponse) =>
  worked || status === 0 || status === 404 || status >= 500;
const list = (responses: readonly ControlResponse[]) =>
  responses.map(({ status }) => status).join(' ') || 'none';

const uploadsOf = (name: string, { plan }: Workload) =>
  plan.uploads.filter(({ filename }) => filename === name);

/** Returns the deletes that may have cancelled a job of this name. They deleted its document, or the one that it replaces. */
function deletesOf(name: string, { accepted, deletes }: Workload): ControlResponse[] {
  return accepted
    .filter(({ upload: { filename } }) => filename === name)
    .flatMap(({ id }) => deletes.get(id) ?? [])
    .filter(mayHaveWorked);
}

/** Checks that each upload made one job, because the client repeats it with one idempotency key until it is accepted. */
function auditKeys({ jobs, jobsWithoutUpload }: Facts, { workload, rolledBack }: Circumstances): Violation[] {
  const names = Map.groupBy(
    [...jobs].flatMap(([id, found]) =>
      found && !jobsWithoutUpload.has(id) ? [{ id, filename: found.job.filename ?? '' }] : [],
    ),
    ({ filename }) => filename,
  );
  const extra = [...names].flatMap(([filename, same]) => {
    const uploads = uploadsOf(filename, workload).length;
    return same.slice(uploads).map(({ id }) => ({ id, detail: `${same.length} jobs of ${uploads} uploads` }));
  });
  // A Redis that went back may have forgotten the key of an upload whose response was lost.
  if (rolledBack && extra.length <= workload.lostResponses) return [];
  return extra.map(({ id, detail }) => ({ rule: 'one key, one job', jobId: id, detail }));
}
