import { useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import { say } from '../app/toasts.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { noteDeletion } from '../state/pending-deletions.ts';
import type { SluiceError } from '../sdk/sluice.ts';
import type { Collection } from '../../src/contract/documents.ts';
import { fileSize, quantity } from '../wording/numbers.ts';

/** Asks for the name of a collection, and deletes it. */
export function DeleteCollection({
  collection: { name, document_count, chunk_count, size },
  onClose,
  onDeleted,
}: {
  collection: Collection;
  onClose: () => void;
  onDeleted: (() => void) | undefined;
}) {
  const sluice = useSluice();
  const [typed, setTyped] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<SluiceError>();
  const remove = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const { documents_deleted, jobs_cancelled } = await sluice.deleteCollection(name);
      const cancelled = jobs_cancelled > 0 ? `, and ${quantity(jobs_cancelled, 'job')} cancelled` : '';
      say(`“${name}” is deleted: ${quantity(documents_deleted, 'document')}${cancelled}.`);
      onClose();
      noteDeletion();
      onDeleted?.();
    } catch (error) {
      setProblem(error as SluiceError);
      setBusy(false);
      // A call whose response was lost may have deleted some or all of it.
      noteDeletion();
    }
  };
  return (
    <Dialog title="Delete the collection?" onClose={onClose}>
      <form onSubmit={(event) => void remove(event)}>
        <div class="dialog-text">
          <p>
            This deletes {quantity(document_count, 'document')} with {quantity(chunk_count, 'chunk')} and{' '}
            {fileSize(size)} of originals. It cancels the jobs of the collection. It cannot be undone.
          </p>
        </div>
        <div class="field">
          <label for="collection-name">Type “{name}” to confirm</label>
          <input
            id="collection-name"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </div>
        {problem && (
          <p class="field-error" role="alert">
            {problem.message}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button quiet" onClick={onClose}>
            Keep
          </button>
          <button type="submit" class="button danger" disabled={typed.trim() !== name || isBusy}>
            {isBusy ? 'Deleting…' : 'Delete the collection'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
