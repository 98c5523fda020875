import { isTerminal, type Job } from '../../src/contract/job.ts';
import { find } from '../dom.ts';
import type { PageFeed } from '../page-feed.ts';
import { forget, remember, rememberedUploads } from './remembered-uploads.ts';
import type { RequestError } from '../request.ts';
import { uploadFile } from './upload.ts';
import { UploadView, type UploadFacts } from './upload-view.ts';
import { failureOf, quantity } from '../wording.ts';

/** Temporary 4xx statuses: the connection was too slow, or the client used up a limit. */
const PASSING: ReadonlySet<number> = new Set([408, 429]);

interface Upload {
  facts: UploadFacts;
  view: UploadView;
  cancelled: AbortController;
  jobId: string | undefined;
  /** Whether the user does not know its end yet. */
  followed: boolean;
}

/** Shows the list of this browser's uploads, under way and remembered. */
export class UploadList {
  readonly #feed: PageFeed;
  readonly #list = find(document, '#uploads', HTMLUListElement);
  readonly #heading = find(document, '#uploads-heading', HTMLElement);
  readonly #empty = find(document, '#no-uploads', HTMLElement);
  readonly #announcements = find(document, '#announcements', HTMLElement);
  readonly #uploads = new Set<Upload>();
  readonly #byJob = new Map<string, Upload>();
  #sending = 0;

  constructor(feed: PageFeed) {
    this.#feed = feed;
    setInterval(() => {
      for (const { view } of this.#uploads) view.tick();
    }, 1000);
    window.addEventListener('beforeunload', (event) => {
      // Leaving the page would lose unsent files.
      if (this.#sending > 0) event.preventDefault();
    });
  }

  /** Shows the remembered uploads and watches their jobs. */
  restore(): void {
    const remembered = rememberedUploads();
    for (const { id, ...facts } of remembered.toReversed()) {
      const upload = this.#insert(facts, false);
      upload.view.showArrived('Asking the server…');
      this.#follow(upload, id);
    }
    this.#feed.watch(remembered.map(({ id }) => id));
  }

  /** Uploads files, each as a job of its own. */
  add(files: readonly File[], collection: string): void {
    const startedAt = Date.now();
    const uploads = files
      // Each card goes on top, so the first file comes last.
      .toReversed()
      .map((file) => {
        const facts = { filename: file.name, collection, size: file.size, startedAt };
        return { file, upload: this.#insert(facts, files.length === 1) };
      });
    for (const { file, upload } of uploads.toReversed()) void this.#send(file, upload);
  }

  /** Shows a state of a job. */
  showJob(job: Job): void {
    const upload = this.#byJob.get(job.id);
    if (!upload) return;
    const { view, facts } = upload;
    if (view.status === 'unknown') remember({ id: job.id, ...facts });
    view.showJob(job);
    if (!isTerminal(job.status)) {
      upload.followed = true;
    } else if (upload.followed) {
      upload.followed = false;
      const { result } = job;
      const outcome = result ? `ready, ${quantity(result.chunk_count, 'chunk')}` : failureOf(job);
      this.#announce(`${facts.filename}: ${outcome}`);
    }
  }

  /** Shows that the server knows no such job, unless the page knows how it ended. */
  showUnknown(id: string): void {
    const upload = this.#byJob.get(id);
    // A job that was under way may return, so the next load of the page reads it again.
    if (!upload?.followed) forget(id);
    if (!upload || upload.view.settled) return;
    upload.view.showUnknown(upload.followed);
    if (upload.followed) this.#announce(`${upload.facts.filename}: no longer known to the server`);
  }

  async #send(file: File, upload: Upload): Promise<void> {
    const { facts, view, cancelled } = upload;
    this.#sending++;
    try {
      const accepted = await uploadFile(
        file,
        facts.collection,
        (part) => view.showUploading(part),
        cancelled.signal,
      );
      view.showArrived(accepted.message);
      upload.followed = true;
      this.#follow(upload, accepted.job_id);
      remember({ id: accepted.job_id, ...facts });
      this.#feed.watch([accepted.job_id]);
      this.#announce(`${facts.filename}: uploaded`);
    } catch (error) {
      if (cancelled.signal.aborted) return;
      const { message, status } = error as RequestError;
      // The server would refuse these again.
      const hopeless = status !== undefined && status < 500 && !PASSING.has(status);
      view.showRefused(message, hopeless ? undefined : () => void this.#send(file, upload));
      this.#announce(`${facts.filename}: ${message}`);
    } finally {
      this.#sending--;
    }
  }

  #insert(facts: UploadFacts, openWhenDone: boolean): Upload {
    const view = new UploadView(facts, openWhenDone, () => this.#remove(upload));
    const upload = { facts, view, cancelled: new AbortController(), jobId: undefined, followed: false };
    this.#uploads.add(upload);
    this.#list.prepend(view.root);
    this.#empty.hidden = true;
    return upload;
  }

  #follow(upload: Upload, jobId: string): void {
    upload.jobId = jobId;
    this.#byJob.set(jobId, upload);
  }

  #remove(upload: Upload): void {
    upload.cancelled.abort();
    this.#uploads.delete(upload);
    if (upload.jobId !== undefined) {
      this.#byJob.delete(upload.jobId);
      this.#feed.unwatch(upload.jobId);
      forget(upload.jobId);
    }
    upload.view.root.remove();
    this.#empty.hidden = this.#uploads.size > 0;
    // The focused button left with its card.
    this.#heading.focus();
  }

  #announce(words: string): void {
    this.#announcements.textContent = words;
  }
}
