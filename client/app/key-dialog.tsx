import { useState } from 'preact/hooks';

import { Dialog } from '../parts/dialog.tsx';
import { Store } from '../state/store.ts';
import { useStore } from '../state/use-store.ts';

/** Name in the session storage, which lives as long as the tab. Other tabs cannot read it. */
const STORED = 'sluice.key';

/** Open question for a key: its words, and the function that takes the key. */
const asked = new Store<{ words: string; take: (key: string) => void; close?: () => void } | undefined>(
  undefined,
);

/**
 * Returns the key of this tab.
 * @param refused whether the server refused it, or asks for one. The user then enters another
 */
export function getKey(refused: boolean): string | undefined | Promise<string> {
  const key = sessionStorage.getItem(STORED) ?? undefined;
  if (!refused) return key;
  sessionStorage.removeItem(STORED);
  const words = key === undefined ? 'This server asks for a key.' : 'The server does not take this key.';
  return new Promise((take) => asked.set({ words, take }));
}

/** Asks for another key, because the present one does not allow what the user wants. */
export function changeKey(): void {
  asked.set({
    words: 'Enter a key that allows it.',
    // All that the page shows may differ for another key.
    take: () => location.reload(),
    close: () => asked.set(undefined),
  });
}

/** Asks for an API key while the server wants one. */
export function KeyDialog() {
  const request = useStore(asked);
  const [key, setKey] = useState('');
  if (!request) return null;
  const enter = (event: Event) => {
    event.preventDefault();
    const entered = key.trim();
    setKey('');
    if (entered === '') return;
    sessionStorage.setItem(STORED, entered);
    asked.set(undefined);
    request.take(entered);
  };
  return (
    <Dialog title="Enter your key" {...(request.close && { onClose: request.close })}>
      <form id="key" onSubmit={enter}>
        <div class="field">
          <label for="key-input">Key</label>
          <input
            id="key-input"
            type="password"
            required
            autocomplete="off"
            spellcheck={false}
            aria-describedby="key-status key-hint"
            value={key}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
          <p id="key-status" role="alert">
            {request.words}
          </p>
          <p id="key-hint" class="hint">
            This tab keeps it until you close it.
          </p>
        </div>
        <button class="button" type="submit">
          Use this key
        </button>
      </form>
    </Dialog>
  );
}
