import type { ServerMessage } from '../../contract/messages.ts';
import type { JobState } from '../../jobs/model/job-view.ts';

/** Jobs of one message. */
export const STATES_A_MESSAGE = 100;
/** Numbers of a stream's subscriptions. */
export const JOBS = 1;
export const ACTIVE = 2;

const text = (message: ServerMessage) => JSON.stringify(message);

export const STALE = text({ type: 'stale' });
export const live = (epoch: string, offset: number) => text({ type: 'live', epoch, offset });
export const gone = (jobs: string[], offset: number) => text({ type: 'gone', id: ACTIVE, offset, jobs });

/** Makes the message for jobs that Redis does not know. */
export function unknown(jobs: string[]): string {
  return text({
    type: 'error',
    id: JOBS,
    code: 'job_not_found',
    detail: 'Redis does not know these jobs.',
    jobs,
  });
}

/**
 * Makes the pages of a snapshot: at least one.
 * @param before offset up to which the client has everything before them
 * @param after the same after the last page
 */
export function snapshots(
  id: number,
  states: readonly JobState[],
  { before, after, resumed }: { before: number; after: number; resumed: boolean },
): string[] {
  const pages = states.length === 0 ? [[]] : pagesOf(states);
  return pages.map((page, i) => {
    const more = i < pages.length - 1;
    return snapshot(id, page, { offset: more ? before : after, more, resumed });
  });
}

/** Makes one page of a snapshot. */
export function snapshot(
  id: number,
  states: readonly JobState[],
  { offset, more, resumed }: { offset: number; more: boolean; resumed: boolean },
): string {
  return `{"type":"snapshot","id":${id},"offset":${offset},${jobs(states)},"more":${more},"resumed":${resumed}}`;
}

/**
 * Makes the pages of an update.
 * @param before offset up to which the client has everything before them
 * @param after the same after the last page
 */
export function updates(states: readonly JobState[], before: number, after: number): string[] {
  const pages = pagesOf(states);
  return pages.map(
    (page, i) => `{"type":"update","offset":${i < pages.length - 1 ? before : after},${jobs(page)}}`,
  );
}

/** Joins the jobs' own JSON, because every transport sends the same bytes of a job. */
function jobs(states: readonly JobState[]): string {
  return `"jobs":[${states.map(({ json }) => json).join(',')}]`;
}

function pagesOf(states: readonly JobState[]): JobState[][] {
  const pages: JobState[][] = [];
  for (let from = 0; from < states.length; from += STATES_A_MESSAGE)
    pages.push(states.slice(from, from + STATES_A_MESSAGE));
  return pages;
}

/**
 * Makes an event of a message. One with an offset has its position as the event's id. Offset 0 is no position, so the
 * client keeps the id that it has.
 */
export function toEvent(message: string, epoch: string): string {
  const offset = Number(OFFSET.exec(message)?.[1] ?? 0);
  return `${offset === 0 ? '' : `id: ${epoch}:${offset}\n`}data: ${message}\n\n`;
}

/** Matches the offset of a message, which stands before its jobs. */
const OFFSET = /^{"type":"[a-z]+",(?:"id":\d+,|"epoch":"[^"]*",)?"offset":(\d+)/;
