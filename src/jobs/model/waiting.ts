import { SERVICES, type JobStatus, type Service, type Waiting } from '../../contract/job.ts';
import type { JobHash } from './job-view.ts';

/** Reasons that each status may have. A job that ended waits for nothing, whatever its hash still holds. */
const REASONS: Readonly<Record<JobStatus, readonly Waiting['what'][]>> = {
  queued: ['worker', 'earlier_upload'],
  processing: SERVICES,
  retrying: ['retry', 'collection', 'earlier_upload'],
  completed: [],
  failed: [],
};

/**
 * Reads why a job waits. The field holds a word. The number behind it counts the jobs ahead, or is the time of the next
 * attempt in ms. A queued job of another program waits for a worker.
 * @returns `undefined` for a job that waits for nothing
 */
export function readWaiting({ waiting_for: text = '' }: JobHash, status: JobStatus): Waiting | undefined {
  const [, word, number] = /^(\w+)(?: (\d{1,15}))?$/.exec(text) ?? [];
  const what = REASONS[status].find((reason) => reason === word);
  if (what === undefined)
    return status === 'queued' ? { what: 'worker' } : status === 'retrying' ? { what: 'retry' } : undefined;
  if (number === undefined) return { what };
  if (what === 'worker') return { what, ahead: Number(number) };
  return { what, at: `${new Date(Number(number)).toISOString().slice(0, 19)}Z` };
}

/** Returns the service that a held job waits for. The field may still name why the job waited before its claim. */
export function awaitedService({ waiting_for: what }: JobHash): Service | undefined {
  return SERVICES.find((service) => service === what);
}
