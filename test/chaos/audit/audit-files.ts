import { outcomeOf } from '../../../src/contract/job.ts';
import type { Circumstances, Violation } from './audit-stores.ts';
import type { Facts } from './facts.ts';

/** Reads the note of how a job ended, under the epoch of its last comparison. */
const ENDED =
  /^\.ends\/\w+\/([0-9a-f-]{36})\.(completed|failed|cancelled|duplicate|replaced|edited|deleted)\.json$/;
const FILE = /^default\/([0-9a-f-]{36})(\.json|\.checkpoint\/.+)?$/;
/** How a job has ended, by its note. The job of a deleted document may have ended in any way. */
const OUTCOMES: Record<string, string> = {
  duplicate: 'completed',
  replaced: 'completed',
  edited: 'completed',
};

/** Checks that the blob folder holds the originals of the documents and of jobs that may run again, and no other. */
export function auditFiles(facts: Facts, { workload, withSlowSweeps }: Circumstances): Violation[] {
  const { files, jobs, reindexes, temporary, fileKeys } = facts;
  const violations: Violation[] = temporary.map((name) => ({
    rule: 'no temporary file stays',
    detail: name,
  }));
  const owned = new Set(fileKeys.values());
  const known = new Set([...jobs].flatMap(([id, found]) => (found && !reindexes.has(id) ? [id] : [])));
  const needed = [...known].filter((id) => owned.has(`default/${id}`) || isRerunnable(id, facts));
  const strangers = new Set<string>();
  const noted = new Map<string, string>();
  // Notes come first.
  const names = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, manifest] of names) {
    const [, endedId, end = ''] = ENDED.exec(name) ?? [];
    if (endedId !== undefined) {
      noted.set(endedId, end);
      const job = jobs.get(endedId)?.job;
      const outcome = job && outcomeOf(job);
      // One that is not whole was never acknowledged. Another rule looks for jobs that are not known.
      if (job && end !== 'deleted' && outcome !== (OUTCOMES[end] ?? end) && isWhole(manifest))
        violations.push({
          rule: 'only what ended is noted',
          jobId: endedId,
          detail: `${name}, and it is ${outcome}`,
        });
      continue;
    }
    const [, jobId, beside] = FILE.exec(name) ?? [];
    if (jobId === undefined) {
      violations.push({ rule: 'nothing else in the blob folder', detail: name });
    } else if (!known.has(jobId)) {
      strangers.add(jobId);
      if (withSlowSweeps && isWhole(manifest))
        violations.push({ rule: 'a whole manifest has a job', jobId, detail: name });
    } else if (beside && beside !== '.json' && withSlowSweeps) {
      violations.push({ rule: 'an ended job leaves no checkpoint', jobId, detail: name });
    } else if (withSlowSweeps && !needed.includes(jobId) && noted.get(jobId) !== 'replaced') {
      // The former original of a document stays as long as an ended job.
      violations.push({ rule: 'no original stays without its document', jobId, detail: name });
    }
  }
  for (const jobId of needed) {
    if (!files.has(`default/${jobId}`))
      violations.push({ rule: 'a blob a job', jobId, detail: 'the blob is gone' });
    if (!isWhole(files.get(`default/${jobId}.json`)))
      violations.push({ rule: 'a manifest a blob', jobId, detail: 'the manifest is gone' });
    if (withSlowSweeps && !noted.has(jobId))
      violations.push({ rule: 'every end is noted', jobId, detail: 'there is no note' });
  }
  // An upload that was cut off may leave a blob that nobody was promised; it is removed days later.
  if (strangers.size > workload.lostResponses) {
    const detail = `${workload.lostResponses} uploads were cut off, but of no job are: ${[...strangers].join(' ')}`;
    violations.push({ rule: 'a refused upload leaves nothing', detail });
  }
  return violations;
}

/** Returns whether a client may run the job again, which needs its original. Nobody may, once its document was deleted. */
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
