import { isTerminal, outcomeOf, type Job } from '../../src/contract/job.ts';
import { find, stamp } from '../dom.ts';
import type { Sluice } from '../sdk/sluice.ts';
import { FirstChunks } from './first-chunks.ts';
import { markSteps, type Step, type StepState } from './steps.ts';
import { countsOf, duration, elapsed, failureOf, fileSize, quantity, unreadOf } from '../wording.ts';

/** Words for the states of an upload. */
const STATUS_WORDS = {
  waiting: 'Waiting',
  uploading: 'Uploading',
  refused: 'Not uploaded',
  queued: 'Queued',
  processing: 'Processing',
  retrying: 'Trying again',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  unknown: 'Unknown',
};
type Status = keyof typeof STATUS_WORDS;

/** Final states, after which nothing happens by itself. */
const SETTLED: readonly Status[] = ['refused', 'completed', 'failed', 'cancelled', 'unknown'];

export interface UploadFacts {
  filename: string;
  collection: string;
  size: number;
  /** Time when the user chose the file, by this browser's clock. */
  startedAt: number;
}

/** Shows one upload as a card: the transfer of its file, the stages of its job, the result. */
export class UploadView {
  readonly root = stamp('upload-template');
  readonly #facts: UploadFacts;
  readonly #openWhenDone: boolean;
  readonly #progress = find(this.root, 'progress', HTMLProgressElement);
  readonly #remove = find(this.root, '.remove', HTMLButtonElement);
  readonly #again = find(this.root, '.again', HTMLButtonElement);
  readonly #firstChunks: FirstChunks;
  #status: Status = 'waiting';
  #tryAgain: (() => void) | undefined;

  /**
   * @param openWhenDone whether to show the first chunks once they exist
   * @param onRemove called when the user removes the card
   */
  constructor(sluice: Sluice, facts: UploadFacts, openWhenDone: boolean, onRemove: () => void) {
    this.#firstChunks = new FirstChunks(sluice, find(this.root, 'details', HTMLDetailsElement));
    this.#facts = facts;
    this.#openWhenDone = openWhenDone;
    this.#say('.filename', facts.filename);
    this.#progress.setAttribute('aria-label', `Progress of ${facts.filename}`);
    this.#remove.addEventListener('click', onRemove);
    this.#again.addEventListener('click', () => this.#tryAgain?.());
    this.#show('waiting', 'Waiting for the uploads before it');
    this.#step('upload', 'waiting');
    this.#bar(0, 0);
  }

  get status(): Status {
    return this.#status;
  }

  get settled(): boolean {
    return SETTLED.includes(this.#status);
  }

  /** Shows the sent share of the file, from 0 to 1. */
  showUploading(part: number): void {
    this.#again.hidden = true;
    this.#show('uploading', part < 1 ? 'Sending the file…' : 'Sent; waiting for the server to store it…');
    this.#step('upload', 'active');
    this.#bar(part, Math.floor(part * 100));
  }

  /** Shows that the upload waits for its next try. */
  showPausing(words: string): void {
    this.#show('waiting', `${words} The upload goes on by itself.`);
  }

  /** Shows a refused upload, with a button to retry if that may help. */
  showRefused(words: string, again: (() => void) | undefined): void {
    this.#show('refused', words);
    this.#step('upload', 'failed');
    this.#again.hidden = again === undefined;
    this.#tryAgain = again;
  }

  /** Shows that the file arrived and its job has no state yet. */
  showArrived(words: string): void {
    this.#show('queued', words);
    this.#step('parse', 'waiting');
    this.#bar(0, 0);
  }

  /**
   * Shows that the server knows no job of this upload.
   * @param wasUnderWay whether the page knew the job, but not its end
   */
  showUnknown(wasUnderWay: boolean): void {
    const words = wasUnderWay
      ? 'It had not ended when last heard of. It may come back by itself within a minute; if not, upload the file again.'
      : 'What has ended is kept for a limited time.';
    this.#show('unknown', `The server no longer knows this upload. ${words}`);
  }

  /** Shows a state of its job. */
  showJob(job: Job): void {
    const { status, result, stage = 'parse' } = job;
    this.#bar(job.fraction, job.progress);
    if (status === 'completed' && result) {
      const took = duration(result.processing_time_ms);
      const size = quantity(result.chunk_count, 'chunk');
      const unread = unreadOf(job);
      this.#show(status, `${size} in “${result.collection}”, ready in ${took}${unread && `. ${unread}`}`);
      this.#firstChunks.offer(result.document_id, this.#openWhenDone);
      return;
    }
    this.#show(outcomeOf(job) ?? status, status === 'failed' ? failureOf(job) : job.message);
    if (isTerminal(status)) {
      this.#step(stage, 'failed');
    } else {
      this.#step(stage, status === 'processing' ? 'active' : 'waiting');
      this.#say('.counts', countsOf(job));
    }
  }

  /** Updates the passed time. */
  tick(): void {
    const { collection, size, startedAt } = this.#facts;
    const facts = [fileSize(size)];
    // The result names its collection.
    if (this.#status !== 'completed') facts.unshift(`in “${collection}”`);
    if (!this.settled) facts.push(elapsed(Date.now() - startedAt));
    this.#say('.facts', facts.join(' · '));
  }

  #show(status: Status, message: string): void {
    this.#status = status;
    this.root.dataset['status'] = status;
    this.#say('.status', STATUS_WORDS[status]);
    this.#say('.message', message);
    this.#say('.counts', '');
    const travelling = status === 'waiting' || status === 'uploading';
    this.#remove.title = travelling ? 'Cancel the upload' : 'Remove from this list';
    this.#remove.setAttribute('aria-label', `${this.#remove.title}: ${this.#facts.filename}`);
    this.tick();
  }

  #step(current: Step, state: StepState): void {
    markSteps(this.root.querySelectorAll<HTMLElement>('[data-step]'), current, state);
  }

  /** Shows progress. @param fraction from 0 to 1, for the bar; `percent` is the number beside it */
  #bar(fraction: number, percent: number): void {
    this.#progress.value = fraction;
    this.#say('.percent', `${percent} %`);
  }

  #say(selector: string, words: string): void {
    const part = find(this.root, selector, HTMLElement);
    // Writing the same text would still notify assistive technology.
    if (part.textContent !== words) part.textContent = words;
  }
}
