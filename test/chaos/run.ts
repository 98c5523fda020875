import { audit, describe } from './audit/auditor.ts';
import { injectFaults } from './faults.ts';
import { Topology } from './harness.ts';
import { Logbook } from './logbook.ts';
import { Random } from './random.ts';
import { Reembedder } from './reembedder.ts';
import { Sampler } from './sampler.ts';
import { Watchers } from './watchers.ts';
import { Workload } from './workload.ts';

export interface ChaosOptions {
  /** The same seed makes the same plan; what the machine makes of it is the machine's. */
  seed: string;
  jobs: number;
  durationMs: number;
  /** How many times every fault happens. */
  rounds: number;
  withRollback: boolean;
  /** Waits until dead generations have been looked at twice, too. */
  withSlowSweeps: boolean;
  /** How long it may take, after the last fault, until all is in order. */
  settleMs: number;
}

/** `CHAOS_SEED`, to run a plan again; a new seed otherwise. */
export function chooseSeed(): string {
  return process.env['CHAOS_SEED'] || Math.random().toString(36).slice(2, 10);
}

/**
 * Starts every process, uploads documents while everything fails in turn, and has the outcome audited.
 * @returns what is wrong, in words; nothing when all is well
 */
export async function runChaos(options: ChaosOptions): Promise<string | undefined> {
  const { seed, jobs, durationMs, withSlowSweeps, settleMs } = options;
  console.log(`chaos: CHAOS_SEED=${seed}`);
  const random = new Random(seed);
  const topology = await Topology.start();
  const logbook = new Logbook();
  let watchers: Watchers | undefined;
  let sampler: Sampler | undefined;
  let reembedder: Reembedder | undefined;
  try {
    const workload = new Workload(topology, logbook, random.fork('workload'), (jobId, random) =>
      watchers?.add(jobId, random.chance(0.2)),
    );
    // The first job names the epoch: what is heard before it belongs to none.
    await workload.run(1, 0);
    watchers = new Watchers(topology, logbook);
    for (const { id } of workload.accepted) watchers.add(id, false);
    sampler = new Sampler(topology, workload, random.fork('searches'));
    reembedder = new Reembedder(topology, logbook, random.fork('reembeds'), options.rounds);
    await Promise.all([
      workload.run(jobs, durationMs),
      injectFaults(topology, logbook, random.fork('faults'), options),
    ]);
    logbook.note('the last fault is over');
    await Promise.all([sampler.close(), reembedder.close()]);
    const circumstances = { workload, sampler, withSlowSweeps, rolledBack: topology.era > 0 };
    const result = await audit(topology, logbook, watchers, circumstances, settleMs);
    logbook.note('the audit is over');
    const { accepted, refused, lostResponses } = workload;
    const counts = Object.entries(
      Object.groupBy(result.facts?.jobs.values() ?? [], (found) => found?.job.status ?? 'unknown'),
    ).map(([status, found]) => `${found.length} ${status}`);
    console.log(
      `chaos: ${accepted.length} accepted (${refused} refused, ${lostResponses} cut off), then ${counts.join(', ')}; ` +
        `${sampler.searches} searches, ${sampler.provenLive} of live documents, ${sampler.provenByWords} by words; ` +
        `${logbook.notes.length} events, ${logbook.notes.at(-1)}`,
    );
    if (result.violations.length === 0) return undefined;
    const report = await describe(result, topology, logbook);
    return `CHAOS_SEED=${seed}\n${report}`;
  } finally {
    await Promise.all([watchers?.close(), sampler?.close(), reembedder?.close()]);
    await topology.close();
  }
}
