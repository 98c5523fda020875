import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { useIsHeard } from '../app/link.ts';
import { isLineDown } from '../sdk/sluice-error.ts';
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
 * Calls the server when a component appears, and again when `key` changes, or when a line that failed the call is back.
 * @param key `undefined` for no call
 * @param kind kind of the data, by default `key`. Another kind drops the former data
 */
export function useRequest<T>(
  key: string | undefined,
  call: (signal: AbortSignal) => Promise<T>,
  kind = key,
): Requested<T> {
  const [state, setState] = useState<{ kind?: string | undefined; data?: T; problem?: SluiceError }>({});
  const [turn, setTurn] = useState(0);
  const [isLoading, setLoading] = useState(key !== undefined);
  const latest = useRef(call);
  latest.current = call;
  const isRunning = useRef(false);
  const isAskedAgain = useRef(false);
  useEffect(() => {
    if (key === undefined) return;
    const aborter = new AbortController();
    const { signal } = aborter;
    setLoading(true);
    isRunning.current = true;
    isAskedAgain.current = false;
    const end = () => {
      isRunning.current = false;
      setLoading(false);
      if (isAskedAgain.current) setTurn((turn) => turn + 1);
    };
    latest.current(signal).then(
      (data) => {
        if (signal.aborted) return;
        setState({ kind, data });
        end();
      },
      (problem: SluiceError) => {
        if (signal.aborted) return;
        setState((former) => ({ ...(former.kind === kind ? former : { kind }), problem }));
        end();
      },
    );
    return () => {
      isRunning.current = false;
      aborter.abort();
    };
  }, [key, turn]);
  const reload = useCallback(() => {
    // Many changes a second must not abort each other's reads, or no read would ever end.
    if (isRunning.current) isAskedAgain.current = true;
    else setTurn((turn) => turn + 1);
  }, []);
  const isHeard = useIsHeard();
  useEffect(() => {
    if (isHeard && isLineDown(state.problem)) reload();
  }, [isHeard]);
  const isCurrent = state.kind === kind;
  return {
    data: isCurrent ? state.data : undefined,
    problem: isCurrent ? state.problem : undefined,
    isLoading: isLoading || (key !== undefined && !isCurrent),
    reload,
  };
}
