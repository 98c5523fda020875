import { find } from './dom.ts';

/** Name in the session storage, which lives as long as the tab. Other tabs cannot read it. */
const STORED = 'sluice.key';

let ask = () => {};

/** Handles the form that asks for an API key. @param onKey called when the user has entered a key */
export function listenToKeyForm(onKey: () => void): void {
  const form = find(document, '#key', HTMLFormElement);
  const input = find(document, '#key-input', HTMLInputElement);
  const status = find(document, '#key-status', HTMLElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const key = input.value.trim();
    input.value = '';
    if (key === '') return;
    sessionStorage.setItem(STORED, key);
    form.hidden = true;
    onKey();
  });
  ask = () => {
    if (!form.hidden) return;
    status.textContent =
      currentKey() === undefined ? 'This server asks for a key.' : 'The server does not take this key.';
    sessionStorage.removeItem(STORED);
    form.hidden = false;
    input.focus();
  };
}

/** Returns the key of this tab; `undefined` until the user has entered one. */
export function currentKey(): string | undefined {
  return sessionStorage.getItem(STORED) ?? undefined;
}

/** Returns the headers that carry the key. */
export function keyHeaders(): Record<string, string> {
  const key = currentKey();
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/**
 * Shows the form, because the server refused a request's key.
 * @param used the refused key. The form stays hidden if the user has entered another key meanwhile
 */
export function refuseKey(used: string | undefined): void {
  if (used === currentKey()) ask();
}
