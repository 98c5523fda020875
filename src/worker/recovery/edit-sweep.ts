import { applyEdit, type EditServices } from '../../documents/edits/apply-edit.ts';
import type { Logger } from '../../logging/logger.ts';

const AT_ONCE = 20;
/** Delay in ms of an edit that cannot be carried on, because Chroma or the blob store is away. */
const PUT_OFF_MS = 10_000;

/** Carries edited metadata to manifests and Chroma where an api could not, and looks at each edited document once more. */
export class EditSweep {
  readonly #services: EditServices & { logger: Logger };

  constructor(services: EditServices & { logger: Logger }) {
    this.#services = services;
  }

  /** Carries all due edits on. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { edits, logger } = this.#services;
    let due: string[];
    do {
      due = await edits.due(AT_ONCE);
      for (const id of due) {
        try {
          if (await applyEdit(id, this.#services, signal)) continue;
        } catch (error) {
          if (signal.aborted) return;
          // An edit that cannot be carried on must not block the others.
          logger.warn('an edit of metadata cannot be carried on and is put off', { document: id, error });
        }
        await edits.putOff(id, PUT_OFF_MS);
      }
    } while (due.length === AT_ONCE && !signal.aborted);
  }
}
