import { find } from './dom.ts';

/** Name in the session storage, which lives as long as the tab. Other tabs cannot read it. */
const STORED = 'sluice.key';

let enter = (_key: string) => {};

/** Handles the form that asks for an API key. */
export function listenToKeyForm(): void {
  const form = find(document, '#key', HTMLFormElement);
  const input = find(document, '#key-input', HTMLInputElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const key = input.value.trim();
    input.value = '';
    if (key === '') return;
    sessionStorage.setItem(STORED, key);
    form.hidden = true;
    enter(key);
  });
}

/**
 * Returns the key of this tab.
 * @param refused true if the server did not take it, or asks for one. The user then enters another
 */
export function getKey(refused: boolean): string | undefined | Promise<string> {
  const key = sessionStorage.getItem(STORED) ?? undefined;
  if (!refused) return key;
  const status = find(document, '#key-status', HTMLElement);
  status.textContent =
    key === undefined ? 'This server asks for a key.' : 'The server does not take this key.';
  sessionStorage.removeItem(STORED);
  find(document, '#key', HTMLFormElement).hidden = false;
  find(document, '#key-input', HTMLInputElement).focus();
  return new Promise((resolve) => (enter = resolve));
}
