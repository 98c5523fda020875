import { useEffect, useReducer } from 'preact/hooks';

import type { Store } from './store.ts';

/** Returns the value of a store, and renders again after each change. */
export function useStore<T>(store: Store<T>): T {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const shown = store.value;
  useEffect(() => {
    // It may have changed between the rendering and now.
    if (store.value !== shown) render(undefined);
    return store.subscribe(() => render(undefined));
  }, [store]);
  return shown;
}
