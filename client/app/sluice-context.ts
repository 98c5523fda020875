import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { Sluice } from '../sdk/sluice.ts';

const Context = createContext<Sluice | undefined>(undefined);

export const SluiceProvider = Context.Provider;

/** Returns the page's client. */
export function useSluice(): Sluice {
  const sluice = useContext(Context);
  if (!sluice) throw new Error('A component that uses the client needs a SluiceProvider around it.');
  return sluice;
}
