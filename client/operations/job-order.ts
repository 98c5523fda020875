import type { Job } from '../../src/contract/job.ts';
import { compareTexts } from '../wording/texts.ts';

/** Lists jobs by creation, oldest first. It sorts only after new jobs, because thousands change in a second. */
export class JobOrder {
  #ids: string[] = [];
  readonly #known = new Set<string>();

  list(jobs: ReadonlyMap<string, Job>): Job[] {
    const listed: Job[] = [];
    const ids: string[] = [];
    for (const id of this.#ids) {
      const job = jobs.get(id);
      if (job) {
        ids.push(id);
        listed.push(job);
      } else this.#known.delete(id);
    }
    const before = ids.length;
    if (this.#known.size < jobs.size)
      for (const [id, job] of jobs)
        if (!this.#known.has(id)) {
          this.#known.add(id);
          listed.push(job);
        }
    if (listed.length > before) listed.sort(byCreation);
    this.#ids = listed.length > before ? listed.map(({ id }) => id) : ids;
    return listed;
  }
}

/** Compares by creation. Jobs of one second keep the order in which they arrived. */
function byCreation(a: Job, b: Job): number {
  return compareTexts(a.created_at ?? '', b.created_at ?? '');
}

/** Sorts ended jobs, the latest first. */
export function latestFirst(jobs: Iterable<Job>): Job[] {
  return [...jobs].sort((a, b) => compareTexts(endOf(b), endOf(a)) || compareTexts(a.id, b.id));
}

const endOf = ({ completed_at: completed, updated_at: updated }: Job): string => completed ?? updated ?? '';
