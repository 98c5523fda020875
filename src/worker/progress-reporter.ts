import type { Counts, Stage } from '../contract/job.ts';
import type { ClaimedJob, JobQueue, ProgressReport } from '../jobs/job-queue.ts';
import { ClaimLostError } from './lease-keeper.ts';

/** Inside a stage a job moves at most ten times a second. */
const INTERVAL_MS = 100;

/**
 * Reports one job's progress: every documented mark, and in between the newest of what there is to say.
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
  #sending: Promise<void> = Promise.resolve();

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

  /** Reports a documented mark; resolves once it is written. */
  async mark(stage: Stage, progress: number, message: string, counts: Counts = {}): Promise<void> {
    this.#stage = stage;
    this.#message = message;
    this.#drop();
    this.#send(this.#report(progress, counts));
    await this.#sending;
  }

  /** Reports movement inside the current stage, some time soon: a newer report replaces one that waits. */
  move(progress: number, counts: Counts): void {
    this.#waiting = this.#report(Math.floor(progress * 100) / 100, counts);
    this.#timer ??= setTimeout(
      () => {
        const report = this.#waiting;
        this.#drop();
        if (report) this.#send(report);
      },
      Math.max(0, this.#lastSentAt + INTERVAL_MS - performance.now()),
    );
  }

  /** Forgets what waits, and resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    this.#drop();
    await this.#sending;
  }

  #report(progress: number, counts: Counts): ProgressReport {
    this.#counts = { ...this.#counts, ...counts };
    return { progress, message: this.#message, stage: this.#stage, counts: this.#counts };
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  #send(report: ProgressReport): void {
    this.#lastSentAt = performance.now();
    this.#sending = this.#sending
      .then(() => this.#queue.progress(this.#claim, report))
      .then((held) => {
        if (!held) this.#abort(new ClaimLostError('the claim was lost'));
      })
      .catch((error: unknown) => this.#abort(error));
  }
}
