import { applyEdit, type EditServices } from '../../documents/edits/apply-edit.ts';
import type { Logger } from '../../logging/logger.ts';

/** Edits that one call to Redis lists. */
const A_READ = 20;
/** Delay in ms of an edit that a worker cannot apply, because Chroma or the blob store is away. */
const PUT_OFF_MS = 10_000;

/** Applies the edits of metadata that an api could not, and checks the chunks of each edited document once more. */
export class EditSweep {
  readonly #services: EditServices & { logger: Logger };

  constructor(services: EditServices & { logger: Logger }) {
    this.#services = services;
  }

  /** Applies all due edits, one after the other. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { edits, logger } = this.#services;
    let due: string[];
    do {
      due = await edits.due(A_READ);
      for (const id of due) {
        try {
          if (await applyEdit(id, this.#services, signal)) continue;
        } catch (error) {
          if (signal.aborted) return;
          // An edit that a worker cannot apply must not block the others.
          logger.warn('an edit of metadata cannot be applied and is put off', { document: id, error });
        }
        await edits.putOff(id, PUT_OFF_MS);
      }
    } while (due.length === A_READ && !signal.aborted);
  }
}
