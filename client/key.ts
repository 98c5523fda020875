import { find } from './dom.ts';

/** The key lives as long as the tab, and no other tab sees it. */
const STORED = 'sluice.key';

let ask = () => {};

/** Asks for an API key where the server wants one. @param onKey is called when somebody has given one */
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

/** The key of this tab, once somebody has given one. */
export function currentKey(): string | undefined {
  return sessionStorage.getItem(STORED) ?? undefined;
}

/** The headers that a request needs for the key. */
export function keyHeaders(): Record<string, string> {
  const key = currentKey();
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/**
 * Has somebody asked for a key, because the server refused a request.
 * @param used the key that was refused; one that was given meanwhile stays
 */
export function refuseKey(used: string | undefined): void {
  if (used === currentKey()) ask();
}
