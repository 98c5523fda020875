import { isTerminal, outcomeOf, type Job } from '../../src/contract/job.ts';
import type { Facts } from './facts.ts';
import type { Accepted, ControlResponse, Workload } from './workload.ts';

/** Something that must not be. */
export interface Violation {
  rule: string;
  jobId?: string | undefined;
  detail: string;
}

/** What a run did that bears on what may be found after it. */
export interface Circumstances {
  workload: Workload;
  /** True when Redis came back from an older copy. */
  rolledBack: boolean;
  /** True to have waited, too, for what is swept up after half a minute: second looks, and leftover manifests. */
  withSlowSweeps: boolean;
}

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const FAMILIES = new RegExp(
  `^(?:job:${ID}|document:${ID}|documents:default(?::[a-z]+)?|collections:default(?::[a-z]+)?|idempotency:default:.+|` +
    'line:[\\w-]{43}:documents?|' +
    'installation(?::store|:probe)?|sluice:installations|' +
    'jobs:(?:cleanup|sequence|history|server|swept|recovered|reconciled|compared|looked|orphans|recent|outcomes|durations|' +
    'tombstones|reconciling|counted|counting)|' +
    // A role under another prefix names an epoch there before it learns that it is refused.
    'other:jobs:(?:server|history))$',
);
const EXPIRING = /^(?:job|idempotency):/;
/** Reads the note of how a job ended, under the epoch of its last comparison. */
const ENDED = new RegExp(`^\\.ends/\\w+/(${ID})\\.(completed|failed|cancelled)\\.json$`);
const FILE = new RegExp(`^default/(${ID})(\\.json|\\.checkpoint/.+)?$`);

/** Checks what Redis, Chroma, the blob folder and the API hold once nothing is left to do. */
export function auditStores(facts: Facts, circumstances: Circumstances): Violation[] {
  const { workload } = circumstances;
  const accepted = new Map(workload.accepted.map((upload) => [upload.id, upload]));
  return [
    ...[...facts.jobs].flatMap(([id, found]) =>
      auditJob(id, found?.job, accepted.get(id), facts, circumstances),
    ),
    ...auditDuplicates(facts, circumstances),
    ...auditChunks(facts),
    ...auditRedis(facts, circumstances),
    ...auditFiles(facts, circumstances),
  ];
}

function auditJob(
  id: string,
  job: Job | undefined,
  upload: Accepted | undefined,
  { documents, reindexes }: Facts,
  { workload, rolledBack }: Circumstances,
): Violation[] {
  const violation = (rule: string, detail: string): Violation[] => [{ rule, jobId: id, detail }];
  if (!job) return violation('an accepted upload is known', `GET /api/jobs/${id} answers 404`);
  const { status, run } = job;
  const outcome = outcomeOf(job);
  if (!outcome) return violation('every job ends', `it is ${status}`);
  if (reindexes.has(id)) {
    // The document's own job may run once more meanwhile: Redis forgot how it ended.
    const fine = outcome === 'completed' || job.error_code === 'document_changed';
    return fine ? [] : violation('no fault fails a job', `it failed: ${job.error_code} ${job.error}`);
  }
  if (documents.has(id) !== (status === 'completed'))
    return violation('documents are those of completed jobs', `${status}, and listed: ${documents.has(id)}`);

  const hasText = workload.markerOf(job.filename ?? '') !== undefined;
  if (outcome === 'failed' && hasText) {
    return violation('no fault fails a job', `it failed: ${job.error_code} ${job.error}`);
  }
  if (status === 'completed' && !hasText) return violation('no text, no document', 'it was completed');

  const cancels = upload?.cancels ?? [];
  const retries = upload?.retries ?? [];
  if (outcome === 'cancelled' && !cancels.some(mayHaveWorked))
    return violation('only who is asked to cancels', `cancels: ${list(cancels)}`);
  if (run > 1 && !retries.some(mayHaveWorked))
    return violation('a run begins when asked for', `run ${run}, retries: ${list(retries)}`);
  if (cancels.some(worked) && !retries.some(mayHaveWorked) && outcome !== 'cancelled')
    return violation('cancelled is cancelled', `cancel was answered ${list(cancels)}, and it is ${outcome}`);
  // Of what was answered before Redis went back only this may be forgotten, for the job has ended all the same.
  if (!rolledBack && retries.some(worked) && run < 2)
    return violation('a retry is a run', `retry was answered ${list(retries)}, and it is run ${run}`);
  return [];
}

const worked = (response: ControlResponse) => response.worked;
/** Without a response, or with one that does not know, it may have been done all the same: 404 says that Redis forgot. */
const mayHaveWorked = ({ worked, status }: ControlResponse) =>
  worked || status === 0 || status === 404 || status >= 500;
const list = (responses: readonly ControlResponse[]) =>
  responses.map(({ status }) => status).join(' ') || 'none';

/** Every upload had an idempotency key of its own, and was sent again under it until it was accepted. */
function auditDuplicates({ jobs, reindexes }: Facts, { workload, rolledBack }: Circumstances): Violation[] {
  const names = Map.groupBy(
    [...jobs].flatMap(([id, found]) =>
      found && !reindexes.has(id) ? [{ id, filename: found.job.filename }] : [],
    ),
    ({ filename }) => filename,
  );
  const twice = [...names].filter(([, same]) => same.length > 1);
  // A Redis that went back may have forgotten the key of an upload whose answer never came.
  if (rolledBack && twice.length <= workload.lostResponses) return [];
  return twice.flatMap(([filename, same]) =>
    same.map(({ id }) => ({ rule: 'one key, one job', jobId: id, detail: `${same.length} of ${filename}` })),
  );
}

/** Chroma holds exactly the chunks of the listed documents, each document's in one generation. */
function auditChunks({ chunks, documents, jobs, firstTexts }: Facts): Violation[] {
  const ids = new Set([...chunks.keys(), ...documents.keys()]);
  return [...ids].flatMap((id) => {
    const violation = (detail: string): Violation[] => [{ rule: 'exact chunks', jobId: id, detail }];
    const stored = chunks.get(id) ?? [];
    const document = documents.get(id);
    const job = jobs.get(id)?.job;
    const seen = `Chroma has ${stored.length}: ${[...new Set(stored.map(({ generation }) => generation))].join(', ')}`;
    if (!document) return violation(`no document is listed (job: ${job?.status ?? 'unknown'}); ${seen}`);
    const count = document.chunk_count;
    if (job?.result && job.result.chunk_count !== count)
      return violation(`the job says ${job.result.chunk_count}, the document ${count}`);
    const prefix = `${id}:${stored[0]?.generation}:`;
    const expected = new Set(Array.from({ length: count }, (_, index) => `${prefix}${index}`));
    if (stored.length !== count || stored.some((chunk) => !expected.has(chunk.id)))
      return violation(`${count} of one generation were to be there; ${seen}`);
    if (stored.some(({ collection }) => collection !== document.collection))
      return violation(`not all of it is in ${document.collection}`);
    const number = /^chaos-(\d+)\.md$/.exec(document.filename)?.[1];
    if (!firstTexts.get(id)?.includes(`Marker ${number} `)) return violation('it holds another text');
    return [];
  });
}

function auditRedis({ keys, cleanups, jobs }: Facts, { withSlowSweeps }: Circumstances): Violation[] {
  const left = cleanups.first.concat(withSlowSweeps ? cleanups.second : []);
  return [
    ...[...keys].flatMap(([key, ttl]): Violation[] => {
      if (!FAMILIES.test(key)) return [{ rule: 'nothing is left in Redis', detail: key }];
      const jobId = key.startsWith('job:') ? key.slice('job:'.length) : undefined;
      if (jobId !== undefined && !isTerminal(jobs.get(jobId)?.job.status ?? 'queued')) return [];
      return EXPIRING.test(key) && ttl < 0 ? [{ rule: 'what has ended expires', jobId, detail: key }] : [];
    }),
    ...left.map((entry) => ({
      rule: 'dead generations are cleaned up',
      jobId: (JSON.parse(entry) as string[])[2],
      detail: entry,
    })),
  ];
}

function auditFiles(
  { files, jobs, reindexes, temporary }: Facts,
  { workload, withSlowSweeps }: Circumstances,
): Violation[] {
  const violations: Violation[] = temporary.map((name) => ({
    rule: 'no temporary file stays',
    detail: name,
  }));
  const known = new Set([...jobs].flatMap(([id, found]) => (found && !reindexes.has(id) ? [id] : [])));
  const strangers = new Set<string>();
  for (const [name, manifest] of files) {
    const [, endedId, outcome] = ENDED.exec(name) ?? [];
    if (endedId !== undefined) {
      const job = jobs.get(endedId)?.job;
      const known = job && outcomeOf(job);
      // One that is not whole was never acknowledged.
      if (known !== outcome && isWhole(manifest))
        violations.push({
          rule: 'only what ended is noted',
          jobId: endedId,
          detail: `${name}, and it is ${known}`,
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
    }
  }
  for (const jobId of known) {
    if (!files.has(`default/${jobId}`))
      violations.push({ rule: 'a blob a job', jobId, detail: 'the blob is gone' });
    if (!isWhole(files.get(`default/${jobId}.json`)))
      violations.push({ rule: 'a manifest a blob', jobId, detail: 'the manifest is gone' });
    const noted = [...files.keys()].some((name) => ENDED.exec(name)?.[1] === jobId);
    if (withSlowSweeps && !noted)
      violations.push({ rule: 'every end is noted', jobId, detail: 'there is no note' });
  }
  // An upload that was cut off may leave a blob that nobody was promised; it is removed days later.
  if (strangers.size > workload.lostResponses) {
    const detail = `${workload.lostResponses} uploads were cut off, but of no job are: ${[...strangers].join(' ')}`;
    violations.push({ rule: 'a refused upload leaves nothing', detail });
  }
  return violations;
}

function isWhole(manifest: string | undefined): boolean {
  try {
    return manifest !== undefined && Boolean(JSON.parse(manifest));
  } catch {
    return false;
  }
}
