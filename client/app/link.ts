import type { Link } from '../sdk/api.ts';
import { Store } from '../state/store.ts';
import { useStore } from '../state/use-store.ts';

/** The line's state, as plain values, because the SDK changes its own object. */
type LinkFacts = Pick<Link, 'state' | 'since' | 'lastHeard' | 'problem'> | undefined;

const link = new Store<LinkFacts>(undefined);

export function showLink({ state, since, lastHeard, problem }: Link): void {
  link.set({ state, since, lastHeard, problem });
}

/** Returns the line's state; `undefined` before it is known. */
export const useLink = () => useStore(link);

/** Returns whether changes arrive. Otherwise the page may be out of date. */
export function useIsHeard(): boolean {
  const state = useLink()?.state;
  return state !== 'stale' && state !== 'offline';
}
