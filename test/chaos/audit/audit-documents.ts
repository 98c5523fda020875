import { outcomeOf } from '../../../src/contract/job.ts';
import type { Circumstances, Violation } from './audit-stores.ts';
import type { Facts } from './facts.ts';
import type { Accepted } from '../workload.ts';

/** Checks that the listed documents are those of completed jobs, without the deleted ones. */
export function auditDocuments(facts: Facts, circumstances: Circumstances): Violation[] {
  return [
    ...auditOwners(facts, circumstances),
    ...auditCopies(facts),
    ...auditEdits(facts, circumstances),
    ...auditOriginals(facts),
    ...auditOrder(facts, circumstances),
    ...circumstances.sampler.bad.map(({ documentId, detail }) => ({
      rule: 'a search shows one version',
      jobId: documentId,
      detail,
    })),
  ];
}

function auditOwners(
  { documents, jobs, jobsWithoutUpload }: Facts,
  { workload }: Circumstances,
): Violation[] {
  const violations: Violation[] = [];
  const made = new Set<string>();
  for (const [jobId, found] of jobs) {
    if (!found || jobsWithoutUpload.has(jobId) || outcomeOf(found.job) !== 'completed') continue;
    const document = found.job.result?.document_id ?? jobId;
    made.add(document);
    const deleted = workload.deletes.get(document);
    const mayBeGone = deleted && (deleted.worked || deleted.status === 0 || deleted.status >= 500);
    if (!documents.has(document) && !mayBeGone)
      violations.push({
        rule: 'a completed job has its document',
        jobId,
        detail: `${document} is not listed`,
      });
  }
  for (const id of documents.keys()) {
    const rule = 'documents are those of completed jobs';
    if (!made.has(id)) violations.push({ rule, jobId: id, detail: 'no completed job made it' });
    if (workload.deletes.get(id)?.worked)
      violations.push({ rule: 'deleted is deleted', jobId: id, detail: 'it is listed' });
  }
  return violations;
}

/** Checks that no two documents of a name have the same content and metadata. Every upload skips copies or replaces. */
function auditCopies({ documents }: Facts): Violation[] {
  const copies = Map.groupBy(
    documents.values(),
    ({ filename, content_hash, metadata }) => `${filename} ${content_hash} ${JSON.stringify(metadata)}`,
  );
  return [...copies.values()]
    .filter((same) => same.length > 1)
    .map((same) => ({
      rule: 'a copy makes no second document',
      jobId: same[1]?.id,
      detail: same.map(({ id }) => id).join(' '),
    }));
}

/** Checks that acknowledged edits stay, unless an upload replaces the document, and that the chunks have them. */
function auditEdits({ documents, chunks, edited }: Facts, { workload }: Circumstances): Violation[] {
  return [...documents.values()].flatMap(({ id, filename, metadata }): Violation[] => {
    const edit = workload.edits.get(id);
    const isReplaced = workload.plan.uploads.some(
      (upload) => upload.filename === filename && upload.onDuplicate === 'replace',
    );
    if (edit?.worked && !isReplaced && metadata['edited'] !== edit.edited)
      return [
        {
          rule: 'an edit stays',
          jobId: id,
          detail: `${edit.edited} is expected, and the document has ${metadata['edited']}`,
        },
      ];
    const other = chunks.get(id)?.find((chunk) => edited.get(chunk.id) !== metadata['edited']);
    if (!other) return [];
    const detail = `${other.id}: ${edited.get(other.id)}, and the document has ${metadata['edited']}`;
    return [{ rule: 'chunks have the metadata of their document', jobId: id, detail }];
  });
}

function auditOriginals({ documents, originals }: Facts): Violation[] {
  return [...documents.values()].flatMap(({ id, content_hash }) => {
    const found = originals.get(id);
    if (found === content_hash) return [];
    return [
      {
        rule: 'a document has its original',
        jobId: id,
        detail: `${content_hash} is expected, and the original has ${found}`,
      },
    ];
  });
}

/** Checks names whose uploads followed each other, without a cancel, delete or edit. Only the last version may be listed. */
function auditOrder({ documents, jobs }: Facts, { workload, rolledBack }: Circumstances): Violation[] {
  // A worker requeues jobs that Redis forgot, in any order.
  if (rolledBack) return [];
  const names = Map.groupBy(workload.accepted, ({ upload }) => upload.filename);
  return [...names].flatMap(([filename, uploads]): Violation[] => {
    const byPlan = uploads.toSorted((a, b) => a.upload.index - b.upload.index);
    const inTurn = byPlan.every((one, i) => i === 0 || one.began > (byPlan[i - 1] as Accepted).responded);
    const untouched = uploads.every(
      ({ id, cancels }) => cancels.length === 0 && !workload.deletes.has(id) && !workload.edits.has(id),
    );
    const last = byPlan.at(-1) as Accepted;
    if (!inTurn || !untouched || !jobs.get(last.id)?.job.result) return [];
    const listed = [...documents.values()].filter((document) => document.filename === filename);
    const rule = 'the last of successive uploads of a name is its only document';
    if (listed.length === 1 && listed[0]?.content_hash === last.upload.contentHash) return [];
    const detail = `${listed.map(({ id }) => id).join(' ') || 'none'} of ${filename}`;
    return [{ rule, jobId: last.id, detail }];
  });
}
