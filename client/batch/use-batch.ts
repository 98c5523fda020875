import { useEffect, useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import type { BatchView } from '../../src/contract/batches/batch.ts';
import type { SluiceError } from '../sdk/sluice.ts';
import { useRequest } from '../state/use-request.ts';

interface FollowedBatch {
  batch: BatchView | undefined;
  /** Time when `batch` came, in ms since 1970. */
  at: number;
  problem: SluiceError | undefined;
  reload: () => void;
}

/** Follows the counters of a batch, also after its end, because a retry may start it again. */
export function useBatch(name: string): FollowedBatch {
  const sluice = useSluice();
  // A watch asks for ever for a batch that does not exist. This read tells whether it exists.
  const { data, problem, reload } = useRequest(name, async (signal) => ({
    batch: await sluice.batch(name, { signal }),
    at: Date.now(),
  }));
  const [heard, setHeard] = useState<{ batch: BatchView; at: number }>();
  const [refused, setRefused] = useState<SluiceError>();
  const exists = data !== undefined;
  useEffect(() => {
    if (!exists) return;
    const watch = sluice.watchBatch(name, {
      total: Infinity,
      onBatch: (batch) => setHeard({ batch, at: Date.now() }),
    });
    watch.done.catch((error: SluiceError) => error.code !== 'closed' && setRefused(error));
    return () => watch.stop();
  }, [sluice, name, exists]);
  const known = heard ?? data;
  return {
    batch: known?.batch,
    at: known?.at ?? 0,
    problem: known ? undefined : (refused ?? problem),
    reload,
  };
}
