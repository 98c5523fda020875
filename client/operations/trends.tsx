import { useEffect, useReducer, useRef } from 'preact/hooks';

import { useIsHeard } from '../app/link.ts';
import { NBSP, percent, tenths, whole } from '../wording/numbers.ts';
import { duration, elapsed } from '../wording/times.ts';
import { SAMPLE_MS, Samples } from './samples.ts';
import { TrendChart } from './trend-chart.tsx';
import { oldestWaitOf, type FollowedStats } from './use-stats.ts';

/** Samples of the charts. They outlive the view, so that its charts are complete when the user returns. */
const samples = new Samples();

/** Shows charts of the queue over the last minutes. */
export function Trends({ followed }: { followed: FollowedStats }) {
  const isHeard = useIsHeard();
  const latest = useRef({ followed, isHeard });
  latest.current = { followed, isHeard };
  const [, render] = useReducer((count: number) => count + 1, 0);
  const isKnown = followed.stats !== undefined;
  useEffect(() => {
    const take = () => {
      const { followed, isHeard } = latest.current;
      const at = Date.now();
      if (followed.stats && isHeard)
        samples.add({ at, stats: followed.stats, oldestMs: oldestWaitOf(followed, at) });
      if (!document.hidden) render(undefined);
    };
    take();
    const timer = setInterval(take, SAMPLE_MS);
    return () => clearInterval(timer);
  }, [isKnown]);
  const { stats } = followed;
  const now = Date.now();
  const shownMs = samples.shownMs(now);
  const oldest = oldestWaitOf(followed, now);
  const throughput = samples.throughput();
  const success = samples.successRate();
  const times = stats?.processing_time_ms;
  const stages = stats?.stage_ms;
  const rate = throughput.at(-1)?.value;
  const share = success.at(-1)?.value ?? stats?.success_rate;
  return (
    <section class="trends" aria-label="The last minutes">
      <TrendChart
        title="Queue depth"
        lines={[samples.points(depthOf)]}
        format={whole}
        now={now}
        shownMs={shownMs}
      >
        {stats ? `${whole(stats.queue_depth)} wait, ${whole(stats.in_flight)} run` : '…'}
      </TrendChart>
      <TrendChart title="Throughput" lines={[throughput]} format={perSecond} now={now} shownMs={shownMs}>
        {rate === undefined ? '…' : perSecond(rate)}
      </TrendChart>
      <TrendChart
        title="Success rate"
        lines={[success]}
        format={percent}
        most={1}
        now={now}
        shownMs={shownMs}
      >
        {share === undefined ? 'no run has ended' : percent(share)}
      </TrendChart>
      <TrendChart
        title="Processing time"
        lines={[
          samples.points(({ processing_time_ms: times }) => times?.p50),
          samples.points(({ processing_time_ms: times }) => times?.p90),
        ]}
        format={duration}
        now={now}
        shownMs={shownMs}
      >
        {times ? (
          <>
            <span class="trend-0">p50{NBSP + duration(times.p50)}</span>{' '}
            <span class="trend-1">p90{NBSP + duration(times.p90)}</span>
          </>
        ) : (
          'no run has ended'
        )}
      </TrendChart>
      <TrendChart
        title="Stage times"
        lines={STAGES.map(([stage]) => samples.points(({ stage_ms: times }) => times?.[stage]))}
        format={duration}
        now={now}
        shownMs={shownMs}
      >
        {stages
          ? STAGES.map(([stage, words], i) => (
              <span key={stage} class={`trend-${i}`}>
                {words + NBSP + duration(stages[stage])}{' '}
              </span>
            ))
          : 'no run has ended'}
      </TrendChart>
      <TrendChart
        title="Oldest waiting"
        lines={[samples.points((_, { oldestMs }) => oldestMs ?? 0)]}
        format={elapsed}
        now={now}
        shownMs={shownMs}
      >
        {stats === undefined ? '…' : oldest === undefined ? 'nothing waits' : elapsed(oldest)}
      </TrendChart>
    </section>
  );
}

/** Stages whose times are measured. */
const STAGES = [
  ['parse', 'read'],
  ['embed', 'embed'],
  ['store', 'store'],
] as const;
const depthOf = ({ queue_depth: depth }: { queue_depth: number }): number => depth;
const perSecond = (value: number): string => `${tenths(value)}/s`;
