import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import type { SluiceError } from '../sdk/sluice.ts';

/** State of a call. While it runs again, the former data stay. */
export interface Requested<T> {
  data: T | undefined;
  problem: SluiceError | undefined;
  isLoading: boolean;
  /** Calls again. */
  reload: () => void;
}

/**
 * Calls the server when a component appears, and again when `key` changes. A change of the key drops the former data.
 * @param key `undefined` for no call
 */
export function useRequest<T>(
  key: string | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Requested<T> {
  const [state, setState] = useState<{ key?: string | undefined; data?: T; problem?: SluiceError }>({});
  const [turn, setTurn] = useState(0);
  const [isLoading, setLoading] = useState(key !== undefined);
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    if (key === undefined) return;
    const aborter = new AbortController();
    const { signal } = aborter;
    setLoading(true);
    latest.current(signal).then(
      (data) => {
        if (signal.aborted) return;
        setState({ key, data });
        setLoading(false);
      },
      (problem: SluiceError) => {
        if (signal.aborted) return;
        setState((former) => ({ ...(former.key === key ? former : { key }), problem }));
        setLoading(false);
      },
    );
    return () => aborter.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((turn) => turn + 1), []);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    problem: isCurrent ? state.problem : undefined,
    isLoading: isLoading || (key !== undefined && !isCurrent),
    reload,
  };
}
