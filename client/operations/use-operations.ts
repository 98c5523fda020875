import { useMemo, useRef } from 'preact/hooks';

import type { Job } from '../../src/contract/job.ts';
import type { JobsFilter } from '../sdk/api.ts';
import { useJobs, type FollowedJobs } from '../state/use-jobs.ts';
import type { FailureGroup } from '../parts/jobs/failure-groups.tsx';
import { JobOrder, latestFirst } from './job-order.ts';
import { countWaits, type Waits } from './standstill.ts';
import { isMatch, type Filter, type Tab } from './tabs.ts';

/** Number of failed jobs to follow. Each opening of the view reads them all. */
export const FAILURES = 500;
/** Number of ended jobs in the list of recent ones. */
export const RECENT = 100;

interface Operations {
  lists: Record<Tab, readonly Job[]>;
  waits: Waits;
  /** Failures that match collection and file, by code, the most frequent first. */
  groups: readonly FailureGroup[];
  collections: readonly string[];
  active: FollowedJobs;
  failed: FollowedJobs;
  recent: FollowedJobs;
}

/** Follows the jobs of all lists, and filters them. */
export function useOperations({ collection, filename, code }: Filter): Operations {
  const place: JobsFilter = collection === undefined ? {} : { collection };
  const active = useJobs();
  const failed = useJobs({ ...place, status: ['failed'], recent: FAILURES });
  const recent = useJobs({ ...place, status: ['completed', 'failed'], recent: RECENT });
  const order = useRef(new JobOrder());

  const ofActive = useMemo(() => {
    const filter: Filter = { collection, filename, code };
    const all = order.current.list(active.jobs);
    const working: Job[] = [];
    const waiting: Job[] = [];
    const retrying: Job[] = [];
    for (const job of all) {
      if (!isMatch(job, filter)) continue;
      if (job.status === 'queued') waiting.push(job);
      else if (job.status === 'retrying') retrying.push(job);
      // A job that has just ended stays among the active ones for a moment.
      else if (job.status === 'processing') working.push(job);
    }
    const collections = [...new Set(all.flatMap((job) => job.collection ?? []))].slice(0, 100);
    const lists = { active: [...working, ...retrying, ...waiting], waiting, retrying };
    return { lists, waits: countWaits(all), collections };
  }, [active, collection, filename, code]);

  const ofFailed = useMemo(() => {
    const counts = new Map<string, number>();
    const jobs: Job[] = [];
    for (const job of failed.jobs.values()) {
      if (job.status !== 'failed' || !isMatch(job, { filename })) continue;
      const { error_code: own = 'unknown' } = job;
      counts.set(own, (counts.get(own) ?? 0) + 1);
      if (code === undefined || own === code) jobs.push(job);
    }
    const groups = [...counts].map(([code, count]) => ({ code, count }));
    return { groups: groups.sort((a, b) => b.count - a.count), jobs: latestFirst(jobs) };
  }, [failed, filename, code]);

  const ofRecent = useMemo(() => {
    const jobs = [...recent.jobs.values()];
    return latestFirst(jobs.filter((job) => isMatch(job, { filename, code })));
  }, [recent, filename, code]);

  return {
    lists: { ...ofActive.lists, failed: ofFailed.jobs, recent: ofRecent },
    waits: ofActive.waits,
    groups: ofFailed.groups,
    collections: ofActive.collections,
    active,
    failed,
    recent,
  };
}
