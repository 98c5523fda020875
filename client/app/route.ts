import { Store } from '../state/store.ts';
import { useStore } from '../state/use-store.ts';
import { notePlace } from './scroll-place.ts';

/** Views of the page. Some show one thing: a collection, a document, a job, a batch. */
export const VIEWS = ['uploads', 'library', 'document', 'search', 'operations', 'job', 'batch'] as const;
export type View = (typeof VIEWS)[number];

/** Address within the page: `#/document/ID?page=3`. In the fragment, it works below any path of a proxy. */
export interface Route {
  view: View;
  /** Name or id of what the view shows. */
  id?: string | undefined;
  query: Readonly<Record<string, string>>;
}

/** Parses a fragment. An unknown one names the uploads. */
export function parseRoute(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?', 2);
  const [name = '', id] = path.split('/', 2);
  const view = VIEWS.find((view) => view === name);
  if (!view) return { view: 'uploads', query: {} };
  return {
    view,
    ...(id && { id: decode(id) }),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/**
 * Reads a whole number of the address. A larger one than `most` counts as `most`.
 * @returns `undefined` if there is none, such as in “1.5” or “-1”, or if it is below `least`
 */
export function readWhole(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value < least ? undefined : Math.min(value, Math.max(least, most));
}

/** Formats an address within the page. It omits empty values of the query. */
export function hrefOf(
  view: View,
  id?: string,
  query: Record<string, string | number | undefined> = {},
): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  const text = parameters.toString();
  return `#/${view}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${text && `?${text}`}`;
}

const current = new Store(parseRoute(location.hash));
window.addEventListener('hashchange', () => {
  notePlace();
  current.set(parseRoute(location.hash));
});

export const useRoute = () => useStore(current);

/** Goes to an address. */
export function go(href: string): void {
  location.hash = href;
}

/** Replaces the address, so that “Back” does not return to it. */
export function replaceRoute(href: string): void {
  location.replace(href);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
