import { SERVICES, type Job, type Service } from '../../src/contract/job.ts';
import type { Stats } from '../../src/contract/jobs.ts';
import { clock } from '../wording/times.ts';
import { quantity, whole } from '../wording/numbers.ts';

/** Time in ms after which a waiting job means that no worker takes it. A worker claims a job within a second. */
const UNCLAIMED_MS = 10_000;

/** A reason why jobs do not go on, and what to do. */
export interface Cause {
  what: Service | 'no_worker' | 'collection' | 'retry' | 'earlier_upload';
  title: string;
  advice: string;
}

const SERVICE_WORDS: Record<Service, { name: string; advice: string }> = {
  processor: {
    name: 'the processor',
    advice: 'Start the processor again, or correct PROCESSOR_URL. Its log says why it ended.',
  },
  embedder: {
    name: 'the embedding service',
    advice: 'Start the service that EMBEDDINGS_URL names, or correct the setting.',
  },
  vector_store: {
    name: 'the vector store',
    advice: 'Start Chroma again, or correct CHROMA_URL. Its log says why it ended.',
  },
  keyword_index: {
    name: 'the keyword index',
    advice: 'Start the keyword index again, or correct KEYWORDS_URL. Its log says why it ended.',
  },
};

/** Counts active jobs by the cause of their wait. */
export interface Waits {
  counts: ReadonlyMap<string, number>;
  processing: number;
  queued: number;
  /** Time of the next attempt. */
  nextAttempt: string | undefined;
}

export function countWaits(jobs: Iterable<Job>): Waits {
  const counts = new Map<string, number>();
  let processing = 0;
  let queued = 0;
  let nextAttempt: string | undefined;
  for (const { status, waiting_for: waiting } of jobs) {
    if (status === 'processing') processing++;
    if (status === 'queued') queued++;
    if (!waiting) continue;
    counts.set(waiting.what, (counts.get(waiting.what) ?? 0) + 1);
    if (waiting.at !== undefined && (nextAttempt === undefined || waiting.at < nextAttempt))
      nextAttempt = waiting.at;
  }
  return { counts, processing, queued, nextAttempt };
}

/**
 * Finds out why the queue stands still.
 * @param oldestMs wait of the next job, as of now
 */
export function causesOf(waits: Waits, stats: Stats | undefined, oldestMs: number | undefined): Cause[] {
  const { counts, processing, queued } = waits;
  // A job whose next attempt is due is in the queue, too.
  const behind = Math.max(queued, stats?.queue_depth ?? 0);
  const causes = SERVICES.flatMap((service) => awayOf(service, counts.get(service) ?? 0, behind));
  if (causes.length > 0) return causes;
  const collection = counts.get('collection') ?? 0;
  if (collection > 0)
    causes.push({
      what: 'collection',
      title: `${waitWords(collection)} until a collection is embedded again.`,
      advice: `${collection === 1 ? 'It goes' : 'They go'} on when that job ends. It is among the active ones.`,
    });
  if (processing > 0) return causes;
  if (stats && stats.in_flight === 0 && stats.queue_depth > 0 && (oldestMs ?? 0) > UNCLAIMED_MS)
    causes.push({
      what: 'no_worker',
      title: `No worker takes jobs. ${waitWords(stats.queue_depth)}.`,
      advice: 'Start a worker with “npm start -- worker”. If one runs, its log says what stops it.',
    });
  if (causes.length > 0 || queued > (counts.get('earlier_upload') ?? 0)) return causes;
  const earlier = counts.get('earlier_upload') ?? 0;
  const retry = counts.get('retry') ?? 0;
  if (retry > 0)
    causes.push({
      what: 'retry',
      title: `${waitWords(retry)} for the next attempt${waits.nextAttempt ? `, the first until ${clock(waits.nextAttempt)}` : ''}.`,
      advice: 'Wait, or retry them now if the cause is gone.',
    });
  else if (earlier > 0)
    causes.push({
      what: 'earlier_upload',
      title: `${waitWords(earlier)} for an earlier upload of the same document.`,
      advice: 'They go on when that upload ends. Cancel it if it is not wanted.',
    });
  return causes;
}

function awayOf(service: Service, count: number, queued: number): Cause[] {
  if (count === 0) return [];
  const { name, advice } = SERVICE_WORDS[service];
  const behind =
    queued === 0 ? '' : ` ${whole(queued)} more wait in the queue, because their worker takes no others.`;
  return [
    {
      what: service,
      title: `${waitWords(count)} for ${name}, which is away.`,
      advice: `${advice} The jobs then go on by themselves.${behind}`,
    },
  ];
}

const waitWords = (count: number): string => `${quantity(count, 'job')} ${count === 1 ? 'waits' : 'wait'}`;
