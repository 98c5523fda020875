import { useEffect, useRef } from 'preact/hooks';

import { deletions } from './pending-deletions.ts';
import { useStore } from './use-store.ts';

/** Calls back after a deletion has ended on the server. */
export function useEndedDeletions(onEnd: () => void): void {
  const { ended } = useStore(deletions);
  const seen = useRef(ended);
  useEffect(() => {
    if (seen.current === ended) return;
    seen.current = ended;
    onEnd();
  }, [ended]);
}
