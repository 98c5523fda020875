import type { Counts, Service, Stage } from '../../contract/job.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { ProgressReport } from '../../jobs/transitions/job-reports.ts';
import { ClaimLostError } from '../claim/lease-keeper.ts';

/** Interval of the reports inside a stage, in ms. */
const INTERVAL_MS = 100;

/**
 * Reports one job's progress: every documented mark, and the newest movement in between. The pipeline does not wait for
 * a report. Each report carries all counts, and Redis refuses it once the claim is lost.
 */
export class ProgressReporter {
  readonly #queue: JobQueue;
  readonly #claim: ClaimedJob;
  readonly #abort: (reason: unknown) => void;
  #counts: Counts = {};
  #stage: Stage = 'parse';
  /** Message of the last mark. At first it is that of the claim. */
  #message = 'Parsing document...';
  /** Services that calls of the job wait for, the latest last. */
  readonly #awaited: Service[] = [];
  #waiting: ProgressReport | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSentAt = 0;
  readonly #underWay = new Set<Promise<void>>();

  /** @param abort ends the pipeline; called when a report fails, or finds the claim lost */
  constructor(queue: JobQueue, claim: ClaimedJob, abort: (reason: unknown) => void) {
    this.#queue = queue;
    this.#claim = claim;
    this.#abort = abort;
  }

  /** Stage of the last mark. */
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

  /** Reports movement inside the current stage soon. A newer report replaces a waiting one. */
  move(progress: number, counts: Counts): void {
    this.#waiting = this.#report(progress, counts);
    this.#schedule();
  }

  /** Reports that a call waits for a service. @returns a function that ends the wait */
  wait(service: Service): () => void {
    this.#awaited.push(service);
    this.#tellWait(this.#awaited.at(-2));
    return () => {
      const before = this.#awaited.at(-1);
      this.#awaited.splice(this.#awaited.lastIndexOf(service), 1);
      this.#tellWait(before);
    };
  }

  /** Resolves when each report is written, or has called `abort`. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Drops the waiting report, and resolves when all sent ones have settled. */
  async close(): Promise<void> {
    this.#drop();
    await this.settled();
  }

  /** @param before the service of the last report */
  #tellWait(before: Service | undefined): void {
    // `JobReports` keeps the furthest progress.
    if (this.#awaited.at(-1) !== before) this.#send(this.#report(0, {}));
  }

  #report(progress: number, counts: Counts): ProgressReport {
    this.#counts = { ...this.#counts, ...counts };
    return { progress, message: this.#message, stage: this.#stage, counts: this.#counts };
  }

  /** Sends one report at a time, so that reports do not pile up while Redis is slow or away. */
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
      .progress(this.#claim, { ...report, waitingFor: this.#awaited.at(-1) })
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
