import type { Stats } from '../contract/jobs.ts';

/** Writes the statistics in Prometheus' text format (exposition format 0.0.4). */
export function toPrometheus(stats: Stats): string {
  const lines: string[] = [];
  const family = (
    name: string,
    type: 'gauge' | 'counter' | 'summary',
    help: string,
    samples: [string, number | undefined][],
  ) => {
    const known = samples.filter(([, value]) => value !== undefined);
    if (known.length === 0) return;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of known) lines.push(`${name}${labels} ${value}`);
  };
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  const time = stats.processing_time_ms;
  family('sluice_queue_depth', 'gauge', 'Jobs that wait for a worker.', [['', stats.queue_depth]]);
  family('sluice_jobs_delayed', 'gauge', 'Jobs that wait for their next try.', [['', stats.delayed]]);
  family('sluice_jobs_in_flight', 'gauge', 'Jobs that a worker holds.', [['', stats.in_flight]]);
  family('sluice_jobs_active', 'gauge', 'Jobs that have not ended.', [['', stats.active]]);
  family('sluice_cleanups_pending', 'gauge', 'Dead generations whose chunks are still to be deleted.', [
    ['', stats.cleanups],
  ]);
  family('sluice_runs_ended_total', 'counter', 'Runs that have ended, by status.', [
    ['{status="completed"}', stats.completed],
    ['{status="failed"}', stats.failed],
    ['{status="cancelled"}', stats.cancelled],
  ]);
  family('sluice_oldest_waiting_seconds', 'gauge', 'How long the job that is next has waited.', [
    ['', seconds(stats.oldest_waiting_ms) ?? 0],
  ]);
  family('sluice_processing_seconds', 'summary', 'Processing time of the last 1,000 completed runs.', [
    ['{quantile="0.5"}', seconds(time?.p50)],
    ['{quantile="0.9"}', seconds(time?.p90)],
    ['{quantile="0.99"}', seconds(time?.p99)],
  ]);
  return `${lines.join('\n')}\n`;
}
