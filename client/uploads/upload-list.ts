import { isTerminal, type Job } from '../../src/contract/job.ts';
import { find } from '../dom.ts';
import type { JobWatch, Upload as Sending } from '../sdk/api.ts';
import type { Sluice, SluiceError } from '../sdk/sluice.ts';
import { forget, remember, rememberedUploads } from './remembered-uploads.ts';
import { UploadView, type UploadFacts } from './upload-view.ts';
import { failureOf, quantity } from '../wording.ts';

interface Upload {
  facts: UploadFacts;
  view: UploadView;
  sending: Sending | undefined;
  jobId: string | undefined;
  watch: JobWatch | undefined;
  /** Whether the user does not know its end yet. */
  followed: boolean;
}

/** Shows the list of this browser's uploads, under way and remembered. */
export class UploadList {
  readonly #sluice: Sluice;
  readonly #list = find(document, '#uploads', HTMLUListElement);
  readonly #heading = find(document, '#uploads-heading', HTMLElement);
  readonly #empty = find(document, '#no-uploads', HTMLElement);
  readonly #announcements = find(document, '#announcements', HTMLElement);
  readonly #uploads = new Set<Upload>();
  #sending = 0;

  constructor(sluice: Sluice) {
    this.#sluice = sluice;
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

  #showJob(upload: Upload, job: Job): void {
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
  #showUnknown(upload: Upload, id: string): void {
    // A job that was under way may return, so the next load of the page reads it again.
    if (!upload.followed) forget(id);
    if (upload.view.settled) return;
    upload.view.showUnknown(upload.followed);
    if (upload.followed) this.#announce(`${upload.facts.filename}: no longer known to the server`);
  }

  async #send(file: File, upload: Upload): Promise<void> {
    const { facts, view } = upload;
    this.#sending++;
    try {
      upload.sending = this.#sluice.upload(file, {
        collection: facts.collection,
        onProgress: ({ state, sent, size, problem }) => {
          if (state === 'sending') view.showUploading(size > 0 ? sent / size : 0);
          else if (state === 'pausing') view.showPausing(problem?.message ?? '');
        },
      });
      const accepted = await upload.sending.accepted;
      view.showArrived(accepted.message);
      upload.followed = true;
      this.#follow(upload, accepted.job_id);
      remember({ id: accepted.job_id, ...facts });
      this.#announce(`${facts.filename}: uploaded`);
    } catch (error) {
      const { message, status = 0, code } = error as SluiceError;
      if (code === 'aborted') return;
      // The server would refuse others again.
      view.showRefused(message, status >= 500 ? () => void this.#send(file, upload) : undefined);
      this.#announce(`${facts.filename}: ${message}`);
    } finally {
      this.#sending--;
    }
  }

  #insert(facts: UploadFacts, openWhenDone: boolean): Upload {
    const view = new UploadView(this.#sluice, facts, openWhenDone, () => this.#remove(upload));
    const upload: Upload = {
      facts,
      view,
      sending: undefined,
      jobId: undefined,
      watch: undefined,
      followed: false,
    };
    this.#uploads.add(upload);
    this.#list.prepend(view.root);
    this.#empty.hidden = true;
    return upload;
  }

  #follow(upload: Upload, jobId: string): void {
    upload.jobId = jobId;
    upload.watch = this.#sluice.watch(jobId, {
      follow: true,
      onJob: (job) => this.#showJob(upload, job),
      onUnknown: () => this.#showUnknown(upload, jobId),
    });
  }

  #remove(upload: Upload): void {
    upload.sending?.abort();
    upload.watch?.stop();
    this.#uploads.delete(upload);
    if (upload.jobId !== undefined) forget(upload.jobId);
    upload.view.root.remove();
    this.#empty.hidden = this.#uploads.size > 0;
    // The focused button left with its card.
    this.#heading.focus();
  }

  #announce(words: string): void {
    this.#announcements.textContent = words;
  }
}
