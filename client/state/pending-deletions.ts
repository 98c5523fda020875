import { say, sayProblem } from '../app/toasts.tsx';
import { MAX_DELETED } from '../../src/contract/documents.ts';
import { isLineDown } from '../sdk/sluice-error.ts';
import type { Sluice, SluiceError } from '../sdk/sluice.ts';
import { quantity } from '../wording/numbers.ts';
import { Store } from './store.ts';

/** Time in ms in which the user can undo a deletion. The page sends it afterwards. */
const UNDO_MS = 5000;

/** A document to delete. */
interface Named {
  id: string;
  filename: string;
}

interface Deletions {
  /** Ids that no list shows: the deletion waits, is under way, or is done. */
  hidden: ReadonlySet<string>;
  /** Why the server kept a document, by id. */
  refused: ReadonlyMap<string, string>;
  /** Number of calls that have ended. Lists read again when it grows. */
  ended: number;
}

export const deletions = new Store<Deletions>({ hidden: new Set(), refused: new Map(), ended: 0 });

/** Number of deletions that wait or are under way. Leaving the page would lose them. */
let open = 0;

/** Hides documents at once, and deletes them after {@link UNDO_MS} unless the user undoes it. */
export function deleteLater(sluice: Sluice, documents: readonly Named[]): void {
  const ids = documents.map(({ id }) => id);
  hide(ids);
  hold();
  const timer = setTimeout(() => {
    removeToast();
    void sendAll(sluice, documents).finally(release);
  }, UNDO_MS);
  const removeToast = say(`${wordsOf(documents)} ${ids.length === 1 ? 'is' : 'are'} being deleted.`, {
    // The toast leaves with the deletion, even if it is under the pointer.
    shownMs: 2 * UNDO_MS,
    action: {
      label: 'Undo',
      run: () => {
        clearTimeout(timer);
        show(ids);
        release();
      },
    },
  });
}

/** Makes the lists read again after a deletion. */
export function noteDeletion(): void {
  const { value } = deletions;
  deletions.set({ ...value, ended: value.ended + 1 });
}

async function sendAll(sluice: Sluice, documents: readonly Named[]): Promise<void> {
  for (let first = 0; first < documents.length; first += MAX_DELETED)
    await send(sluice, documents.slice(first, first + MAX_DELETED));
  noteDeletion();
}

async function send(sluice: Sluice, documents: readonly Named[]): Promise<void> {
  const ids = documents.map(({ id }) => id);
  try {
    const { failed } = await sluice.deleteDocuments({ ids });
    for (const { id, detail } of failed) refuse([id], detail);
    if (failed.length > 0) {
      const kept = documents.filter(({ id }) => failed.some((failure) => failure.id === id));
      say(`${wordsOf(kept)} could not be deleted. ${failed[0]?.detail ?? ''}`, { tone: 'problem' });
    }
  } catch (error) {
    if (!isLineDown(error)) {
      refuse(ids, (error as SluiceError).message);
      return sayProblem(error);
    }
    // The server may have deleted them, so the lists read again. They do so as well when the line is back.
    show(ids);
    say(`The server did not say whether ${wordsOf(documents)} ${ids.length === 1 ? 'is' : 'are'} deleted.`, {
      tone: 'problem',
    });
  }
}

function hide(ids: readonly string[]): void {
  const { value } = deletions;
  const refused = new Map([...value.refused].filter(([id]) => !ids.includes(id)));
  deletions.set({ ...value, hidden: new Set([...value.hidden, ...ids]), refused });
}

function show(ids: readonly string[]): void {
  const { value } = deletions;
  deletions.set({ ...value, hidden: new Set([...value.hidden].filter((id) => !ids.includes(id))) });
}

function refuse(ids: readonly string[], reason: string): void {
  show(ids);
  const { value } = deletions;
  const refused = new Map([...value.refused, ...ids.map((id) => [id, reason] as const)]);
  deletions.set({ ...value, refused });
}

function wordsOf(documents: readonly Named[]): string {
  const [first] = documents;
  return documents.length === 1 && first ? `“${first.filename}”` : quantity(documents.length, 'document');
}

/** Makes the browser ask before the user leaves the page. */
function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function hold(): void {
  if (open++ === 0) window.addEventListener('beforeunload', ask);
}

function release(): void {
  if (--open === 0) window.removeEventListener('beforeunload', ask);
}
