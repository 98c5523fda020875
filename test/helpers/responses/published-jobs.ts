import { parseJobEvents, toHash, type StreamPosition } from '../../../src/jobs/model/job-event.ts';
import type { JobHash } from '../../../src/jobs/model/job-view.ts';

export interface PublishedJob extends StreamPosition {
  publishedAt: number;
  hash: JobHash;
}

/** Lists the jobs of a published message, each with its own offset. */
export function publishedJobs(message: string): PublishedJob[] {
  const events = parseJobEvents(message);
  if (!events) throw new Error(`no script published this: ${message}`);
  const { jobs, offset, ...shared } = events;
  return jobs.map((values, i) => ({ ...shared, offset: offset + i, hash: toHash(values) }));
}
