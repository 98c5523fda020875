import { setTimeout as sleep } from 'node:timers/promises';

import { auditEpochs, auditLastWords } from './audit-epochs.ts';
import { auditStores, type Circumstances, type Violation } from './audit-stores.ts';
import { gatherFacts, type Facts } from './facts.ts';
import type { Topology } from '../harness.ts';
import type { Logbook } from '../logbook.ts';
import type { Watchers } from '../watchers.ts';

const PAUSE_MS = 1000;
/** Of each rule: one cause breaks it many times. */
const MOST_LISTED = 6;
const MOST_DESCRIBED = 2;
/** Most log lines about one job in a report. */
const MOST_LOGGED = 30;

export interface Audit {
  violations: Violation[];
  facts: Facts | undefined;
}

/**
 * Waits until all is in order, and says what is not when the time is up. Knows only what can be seen from
 * outside: HTTP, Chroma, the keyword index, what watchers heard, and listings of Redis and the blob folder.
 */
export async function audit(
  topology: Topology,
  logbook: Logbook,
  watchers: Watchers,
  circumstances: Circumstances,
  withinMs: number,
): Promise<Audit> {
  const { workload } = circumstances;
  let waitedFor = '';
  for (const deadline = performance.now() + withinMs; ;) {
    const startedAt = performance.now();
    let result: Audit;
    try {
      const ids = workload.accepted.map(({ id }) => id);
      const facts = await gatherFacts(topology, ids);
      const settling = [...auditStores(facts, circumstances), ...auditLastWords(watchers, facts)];
      result = { facts, violations: settling };
    } catch (error) {
      // Something may still be on its way back.
      result = { facts: undefined, violations: [{ rule: 'everything answers', detail: String(error) }] };
    }
    const rules = [...new Set(result.violations.map(({ rule }) => rule))].join(', ');
    if (rules !== waitedFor) logbook.note(`not yet: ${rules || 'nothing'}`);
    waitedFor = rules;
    const late = performance.now() > deadline;
    if (result.violations.length === 0 || late) {
      // What was heard stays as it is, however long one waits.
      return { ...result, violations: [...result.violations, ...auditEpochs(logbook)] };
    }
    await sleep(PAUSE_MS + (performance.now() - startedAt));
  }
}

/** Everything that a person needs to find out why: for each job its transitions, and what Redis and Chroma hold. */
export async function describe(
  { violations, facts }: Audit,
  topology: Topology,
  logbook: Logbook,
): Promise<string> {
  const lines = ['What was done:', ...logbook.notes.map((note) => `  ${note}`), 'Violations:'];
  const jobIds = new Set<string>();
  for (const [rule, same] of Map.groupBy(violations, ({ rule }) => rule)) {
    lines.push(`  ${rule}: ${same.length}`);
    for (const { jobId, detail } of same.slice(0, MOST_LISTED)) lines.push(`    [${jobId ?? '-'}] ${detail}`);
    for (const { jobId } of same.slice(0, MOST_DESCRIBED)) if (jobId !== undefined) jobIds.add(jobId);
  }
  for (const id of jobIds) {
    const { inspector } = topology;
    const [hash, ttl, lease, delayed, position] = await Promise.all([
      inspector.hgetall(`job:${id}`),
      inspector.ttl(`job:${id}`),
      inspector.zscore('jobs:leases', id),
      inspector.zscore('jobs:delayed', id),
      inspector.lpos('queue:document_upload', id),
    ]);
    const active = await inspector.sismember('jobs:active', id);
    const cleanups = (await inspector.zrange('jobs:cleanup', '0', '-1')).filter((entry) =>
      entry.includes(id),
    );
    lines.push(
      `Job ${id}`,
      ...logbook.describe(id).map((line) => `  ${line}`),
      `  redis: ${JSON.stringify(hash)}`,
      `  redis: ttl ${ttl}, lease ${lease}, delayed ${delayed}, in queue ${position}, active ${active}, cleanup ${cleanups.join(' ')}`,
      `  document: ${JSON.stringify(await inspector.hgetall(`document:${id}`))}`,
      `  files: ${[...(facts?.files.keys() ?? [])].filter((name) => name.includes(id)).join(' ') || 'none'}`,
      `  chroma: ${(facts?.chunks.get(id) ?? []).map((chunk) => chunk.id.slice(id.length + 1)).join(' ') || 'nothing'}`,
      `  keywords: ${JSON.stringify(facts?.keywords.generations.get(id) ?? [])}`,
      ...(await topology.logged(id)).slice(-MOST_LOGGED).map((line) => `  ${line}`),
    );
  }
  return lines.join('\n');
}
