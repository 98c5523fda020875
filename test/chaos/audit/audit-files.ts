import { outcomeOf } from '../../../src/contract/job.ts';
import type { Circumstances, Violation } from './audit-stores.ts';
import type { Facts } from './facts.ts';

/** Name of a note of how a job ended, under the epoch of its last comparison. */
const ENDED =
  /^\.ends\/\w+\/([0-9a-f-]{36})\.(completed|failed|cancelled|duplicate|replaced|edited|deleted)\.json$/;
const FILE = /^default\/([0-9a-f-]{36})(\.json|\.checkpoint\/.+)?$/;
/** Outcome of a job, by the kind of its note. The job of a deleted document may have any outcome. */
const OUTCOMES: Record<string, string> = {
  duplicate: 'completed',
  replaced: 'completed',
  edited: 'completed',
};

/** Checks that the blob folder holds only the originals of documents and of jobs that a client may rerun. */
export function auditFiles(facts: Facts, { workload, withSlowSweeps }: Circumstances): Violation[] {
  const { files, jobs, jobsWithoutUpload, temporary, fileKeys } = facts;
  const violations: Violation[] = temporary.map((name) => ({
    rule: 'no temporary file stays',
    detail: name,
  }));
  const owned = new Set(fileKeys.values());
  const known = new Set(
    [...jobs].flatMap(([id, found]) => (found && !jobsWithoutUpload.has(id) ? [id] : [])),
  );
  const needed = [...known].filter((id) => owned.has(`default/${id}`) || isRerunnable(id, facts));
  const unknown = new Set<string>();
  const noted = new Map<string, string>();
  // Notes come first.
  const names = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, manifest] of names) {
    const [, endedId, end = ''] = ENDED.exec(name) ?? [];
    if (endedId !== undefined) {
      // An edit is no end.
      if (end !== 'edited') noted.set(endedId, end);
      const job = jobs.get(endedId)?.job;
      const outcome = job && outcomeOf(job);
      // A rollback may take the end from a replacement. Then the deletion of its document cancels it.
      const isCancelled = end === 'replaced' && outcome === 'cancelled';
      // An upload with an incomplete manifest was never acknowledged. Another rule checks unknown jobs.
      if (job && end !== 'deleted' && !isCancelled && outcome !== (OUTCOMES[end] ?? end) && isWhole(manifest))
        violations.push({
          rule: 'only what ended is noted',
          jobId: endedId,
          detail: `${name}, but the outcome is ${outcome}`,
        });
      continue;
    }
    const [, jobId, beside] = FILE.exec(name) ?? [];
    if (jobId === undefined) {
      violations.push({ rule: 'the blob folder holds no foreign file', detail: name });
    } else if (!known.has(jobId)) {
      unknown.add(jobId);
      if (withSlowSweeps && isWhole(manifest))
        violations.push({ rule: 'a whole manifest has a job', jobId, detail: name });
    } else if (beside && beside !== '.json' && needed.includes(jobId)) {
      // That of a job that may run again goes with its original. One that a lost reindex left goes after a day.
      continue;
    } else if (beside && beside !== '.json' && withSlowSweeps) {
      violations.push({ rule: 'an ended job leaves no checkpoint', jobId, detail: name });
    } else if (withSlowSweeps && !needed.includes(jobId) && noted.get(jobId) !== 'replaced') {
      // The former original of a document stays as long as an ended job.
      violations.push({ rule: 'no original stays without its document', jobId, detail: name });
    }
  }
  for (const jobId of needed) {
    if (!files.has(`default/${jobId}`))
      violations.push({ rule: 'a job has its blob', jobId, detail: 'the blob is gone' });
    if (!isWhole(files.get(`default/${jobId}.json`)))
      violations.push({ rule: 'a blob has its manifest', jobId, detail: 'the manifest is gone' });
    if (withSlowSweeps && !noted.has(jobId))
      violations.push({ rule: 'every end is noted', jobId, detail: 'there is no note' });
  }
  // An upload that was cut off may leave a blob without an acknowledgement. A sweep removes it days later.
  if (unknown.size > workload.lostResponses) {
    const detail = `${workload.lostResponses} uploads were cut off, but more files have no job: ${[...unknown].join(' ')}`;
    violations.push({ rule: 'a refused upload leaves nothing', detail });
  }
  return violations;
}

/** Returns whether a client may rerun the job, which needs its original. None may after its document was deleted. */
function isRerunnable(id: string, { jobs, files }: Facts): boolean {
  const job = jobs.get(id)?.job;
  if (!job || job.status !== 'failed') return false;
  return ![...files.keys()].some((name) => name.endsWith(`/${id}.deleted.json`));
}

function isWhole(manifest: string | undefined): boolean {
  try {
    return manifest !== undefined && Boolean(JSON.parse(manifest));
  } catch {
    return false;
  }
}
