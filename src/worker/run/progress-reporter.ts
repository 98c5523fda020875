import type { Counts, Stage } from '../../contract/job.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { ProgressReport } from '../../jobs/transitions/job-reports.ts';
import { ClaimLostError } from '../claim/lease-keeper.ts';

/** Inside a stage a job moves at most ten times a second. */
const INTERVAL_MS = 100;

/**
 * Reports one job's progress: every documented mark, and in between the newest of what there is to say.
 * Nothing waits for a report to be written: it says all that changed, and is refused once the claim is lost.
 * Counts are kept, so that a report names only those that changed.
 */
export class ProgressReporter {
  readonly #queue: JobQueue;
  readonly #claim: ClaimedJob;
  readonly #abort: (reason: unknown) => void;
  #counts: Counts = {};
  #stage: Stage = 'parse';
  #message = '';
  #waiting: ProgressReport | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSentAt = 0;
  readonly #underWay = new Set<Promise<void>>();

  /** @param abort ends the pipeline: called when a report finds the claim lost, or cannot be made */
  constructor(queue: JobQueue, claim: ClaimedJob, abort: (reason: unknown) => void) {
    this.#queue = queue;
    this.#claim = claim;
    this.#abort = abort;
  }

  /** The stage of the last mark: where the job is. */
  get stage(): Stage {
    return this.#stage;
  }

  /** Reports a documented mark. */
  mark(stage: Stage, progress: number, message: string, counts: Counts = {}): void {
    this.#stage = stage;
    this.#message = message;
    this.#drop();
    this.#send(this.#report(progress, counts));
  }

  /** Reports movement inside the current stage, some time soon: a newer report replaces one that waits. */
  move(progress: number, counts: Counts): void {
    this.#waiting = this.#report(progress, counts);
    this.#schedule();
  }

  /** Resolves when everything reported is written, or has called `abort`. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Forgets what waits, and resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    this.#drop();
    await this.settled();
  }

  #report(progress: number, counts: Counts): ProgressReport {
    this.#counts = { ...this.#counts, ...counts };
    return { progress, message: this.#message, stage: this.#stage, counts: this.#counts };
  }

  /** While Redis is slow or away, what there is to say is replaced, not piled up. */
  #schedule(): void {
    if (!this.#waiting || this.#timer || this.#underWay.size > 0) return;
    const delay = Math.max(0, this.#lastSentAt + INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => {
      const report = this.#waiting;
      this.#drop();
      if (report) this.#send(report);
    }, delay);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  #send(report: ProgressReport): void {
    this.#lastSentAt = performance.now();
    const sending = this.#queue
      .progress(this.#claim, report)
      .then((held) => {
        if (!held) this.#abort(new ClaimLostError('the claim was lost'));
      })
      .catch((error: unknown) => this.#abort(error))
      .finally(() => {
        this.#underWay.delete(sending);
        this.#schedule();
      });
    this.#underWay.add(sending);
  }
}
