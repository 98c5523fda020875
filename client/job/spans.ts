import { isTerminal, type Timeline } from '../../src/contract/job.ts';
import { STAGE_WORDS, statusWords } from '../wording/jobs.ts';

type TimelineEvent = Timeline['events'][number];

/** A part of a timeline: a stage, a wait, or the end of a run, which takes no time. */
export interface TimelineSpan {
  kind: 'stage' | 'wait' | 'end';
  title: string;
  /** Further words, such as an error. */
  words: string;
  errorCode: string | undefined;
  run: number;
  attempt: number | undefined;
  /** Times in ms since 1970. */
  from: number;
  to: number;
  /** Whether it goes on. */
  isOpen: boolean;
}

/**
 * Reads the spans of a timeline. Each entry lasts until the next.
 * @param now ms since 1970, by the server's clock. An open span ends there
 */
export function spansOf({ events }: Timeline, now: number): TimelineSpan[] {
  return events.map((event, i) => {
    const next = events[i + 1];
    const isEnd = isTerminal(event.status);
    const to = isEnd ? event.at_ms : (next?.at_ms ?? now);
    return {
      ...describe(event),
      errorCode: event.error_code,
      run: event.run,
      attempt: event.attempt,
      from: event.at_ms,
      to: Math.max(event.at_ms, to),
      isOpen: !isEnd && next === undefined,
    };
  });
}

/** Start of the message of a job that waits for a service. */
const SERVICE_WAIT = 'Waits for ';

function describe({
  status,
  stage,
  message,
  error_code: code,
}: TimelineEvent): Pick<TimelineSpan, 'kind' | 'title' | 'words'> {
  if (isTerminal(status)) {
    const title = statusWords(code === 'cancelled' ? 'cancelled' : status);
    return { kind: 'end', title, words: status === 'completed' || message === title ? '' : message };
  }
  if (status === 'processing' && stage && message.startsWith(SERVICE_WAIT))
    return { kind: 'wait', title: message, words: `while ${STAGE_WORDS[stage].toLowerCase()}` };
  if (status === 'processing')
    return { kind: 'stage', title: stage ? STAGE_WORDS[stage] : 'Working', words: '' };
  if (status === 'retrying') return { kind: 'wait', title: 'Waits for the next attempt', words: message };
  return { kind: 'wait', title: 'Waits for a worker', words: '' };
}

/** Share of the axis that has marks. On a phone, the label of a later mark would leave the page. */
const MARKED = 0.78;

/** Returns the times of the marks of an axis, in ms, at round distances. @param most largest number of marks */
export function ticksOf(lengthMs: number, most: number): number[] {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  ];
  const longer = [600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000];
  const step = [...steps, ...longer].find((step) => lengthMs / step <= most) ?? lengthMs / most;
  const ticks: number[] = [];
  for (let at = 0; at <= lengthMs * MARKED; at += step) ticks.push(at);
  return ticks;
}
