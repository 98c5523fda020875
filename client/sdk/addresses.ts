import { pageAddress } from './environment.ts';
import { SluiceError } from './sluice-error.ts';

/** Returns the address of the API with a slash at its end. */
export function baseOf(url: string | URL | undefined): URL {
  const page = pageAddress();
  if (url === undefined && page === undefined)
    throw new SluiceError('invalid_request', 'Outside of a page, name the address of the server as `url`.');
  const base = new URL(url ?? page ?? '', page);
  // The address of the page itself may end with a file, which `new URL` replaces.
  if (url !== undefined && !base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** Formats a query string; empty for no parameters. */
export function queryOf(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, unknown][]) {
    if (value === undefined) continue;
    const isText = typeof value === 'string' || Array.isArray(value);
    parameters.set(name, isText ? String(value) : JSON.stringify(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
