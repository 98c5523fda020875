import { useEffect, useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import type { Stats } from '../../src/contract/jobs.ts';
import type { SluiceError } from '../sdk/sluice.ts';

export interface FollowedStats {
  stats: Stats | undefined;
  /** Time when `stats` came, in ms since 1970. The server sends them when they change. */
  at: number;
  problem: SluiceError | undefined;
}

/** Follows the statistics of the queue. */
export function useStats(): FollowedStats {
  const sluice = useSluice();
  const [state, setState] = useState<FollowedStats>({ stats: undefined, at: 0, problem: undefined });
  useEffect(() => {
    const watch = sluice.watchStats();
    const follow = async () => {
      try {
        for await (const stats of watch) setState({ stats, at: Date.now(), problem: undefined });
      } catch (problem) {
        setState((former) => ({ ...former, problem: problem as SluiceError }));
      }
    };
    void follow();
    return () => watch.stop();
  }, [sluice]);
  return state;
}

/** Returns the wait of the next job as of `now`. The server tells of it only with a change. */
export function oldestWaitOf({ stats, at }: FollowedStats, now: number): number | undefined {
  return stats?.oldest_waiting_ms === undefined ? undefined : stats.oldest_waiting_ms + Math.max(0, now - at);
}
