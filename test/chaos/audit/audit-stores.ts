import { isTerminal } from '../../../src/contract/job.ts';
import { auditDocuments } from './audit-documents.ts';
import { auditFiles } from './audit-files.ts';
import { auditJobs } from './audit-jobs.ts';
import type { Facts } from './facts.ts';
import type { Sampler } from '../sampler.ts';
import type { Workload } from '../workload.ts';

/** A rule that the outcome breaks. */
export interface Violation {
  rule: string;
  jobId?: string | undefined;
  detail: string;
}

/** Events of a run on which the rules depend. */
export interface Circumstances {
  workload: Workload;
  sampler: Sampler;
  /** True when Redis came back from an older copy. */
  rolledBack: boolean;
  /** True if the audit also waits for the sweeps that come after half a minute: second looks, and leftover manifests. */
  withSlowSweeps: boolean;
}

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const FAMILIES = new RegExp(
  `^(?:job:${ID}|document:${ID}|documents:default(?::[a-z]+)?|collections:default(?::[a-z]+)?|idempotency:default:.+|` +
    'line:[\\w-]{43}:documents?|' +
    'installation(?::store|:probe)?|sluice:installations|' +
    'jobs:(?:cleanup|offset|epoch|server|swept|recovered|reconciled|compared|looked|orphans|recent|outcomes|durations|' +
    'tombstones|reconciling|counted|counting|edited|reembedding|changed|costs)|' +
    // A role under another prefix names an epoch there before it learns that it is refused.
    'other:jobs:(?:server|epoch|changed))$',
);
const EXPIRING = /^(?:job|idempotency):/;

/** Checks Redis, Chroma, the blob folder and the API once no work is left. */
export function auditStores(facts: Facts, circumstances: Circumstances): Violation[] {
  return [
    ...auditJobs(facts, circumstances),
    ...auditDocuments(facts, circumstances),
    ...auditChunks(facts, circumstances),
    ...auditKeywords(facts),
    ...auditRedis(facts, circumstances),
    ...auditFiles(facts, circumstances),
  ];
}

/** Checks that Chroma holds exactly the chunks of the listed documents, each document's in one generation. */
function auditChunks(
  { chunks, documents, jobs, firstTexts }: Facts,
  { workload: { plan } }: Circumstances,
): Violation[] {
  const ids = new Set([...chunks.keys(), ...documents.keys()]);
  return [...ids].flatMap((id) => {
    const violation = (detail: string): Violation[] => [{ rule: 'exact chunks', jobId: id, detail }];
    const stored = chunks.get(id) ?? [];
    const document = documents.get(id);
    const job = jobs.get(id)?.job;
    const seen = `Chroma has ${stored.length}: ${[...new Set(stored.map(({ generation }) => generation))].join(', ')}`;
    if (!document) return violation(`no document is listed (job: ${job?.status ?? 'unknown'}); ${seen}`);
    const count = document.chunk_count;
    const prefix = `${id}:${stored[0]?.generation}:`;
    const expected = new Set(Array.from({ length: count }, (_, index) => `${prefix}${index}`));
    if (stored.length !== count || stored.some((chunk) => !expected.has(chunk.id)))
      return violation(`${count} of one generation are expected; ${seen}`);
    if (stored.some(({ collection }) => collection !== document.collection))
      return violation(`not all of it is in ${document.collection}`);
    const marker = plan.markerOf(document.content_hash ?? '') ?? 'no such text';
    if (!firstTexts.get(id)?.includes(marker)) return violation('its first chunk holds another text');
    return [];
  });
}

/** Checks that the keyword index holds exactly the generations that Chroma holds for the listed documents, and knows it. */
function auditKeywords({ keywords, chunks, documents }: Facts): Violation[] {
  const ids = new Set([...keywords.generations.keys(), ...documents.keys()]);
  const rule = 'exact keywords';
  const wrong = [...ids].flatMap((id): Violation[] => {
    const document = documents.get(id);
    const live = chunks.get(id)?.[0]?.generation;
    const indexed = keywords.generations.get(id) ?? [];
    const seen = JSON.stringify(indexed);
    if (!document) return [{ rule, jobId: id, detail: `no document is listed; the index has ${seen}` }];
    const { collection, chunk_count: count } = document;
    if (JSON.stringify([{ collection, generation: live, count }]) === seen) return [];
    return [{ rule, jobId: id, detail: `${count} of ${live} are expected; the index has ${seen}` }];
  });
  const { complete, incomplete } = keywords;
  if (complete && incomplete.length === 0) return wrong;
  const detail = `complete: ${complete}, incomplete: ${incomplete.join(' ')}`;
  return [...wrong, { rule: 'the keyword index is complete', detail }];
}

function auditRedis({ keys, cleanups, jobs }: Facts, { withSlowSweeps }: Circumstances): Violation[] {
  const left = cleanups.first.concat(withSlowSweeps ? cleanups.second : []);
  return [
    ...[...keys].flatMap(([key, ttl]): Violation[] => {
      if (!FAMILIES.test(key)) return [{ rule: 'Redis holds no other keys', detail: key }];
      const jobId = key.startsWith('job:') ? key.slice('job:'.length) : undefined;
      if (jobId !== undefined && !isTerminal(jobs.get(jobId)?.job.status ?? 'queued')) return [];
      return EXPIRING.test(key) && ttl < 0
        ? [{ rule: 'the keys of ended jobs expire', jobId, detail: key }]
        : [];
    }),
    ...left.map((entry) => ({
      rule: 'dead generations are cleaned up',
      jobId: (JSON.parse(entry) as string[])[2],
      detail: entry,
    })),
  ];
}
