import type { Timeline } from '../../src/contract/job.ts';
import { adviceOf } from '../wording/jobs.ts';
import { clock, duration } from '../wording/times.ts';
import { whole } from '../wording/numbers.ts';
import { spansOf, ticksOf, type TimelineSpan } from './spans.ts';

/** Number of marks on the time axis. A phone has room for four. */
const TICKS = 4;

/** Shows what happened to a job as bars over time, and as a table. @param now by the server's clock, in ms since 1970 */
export function Waterfall({ timeline, now }: { timeline: Timeline; now: number }) {
  const spans = spansOf(timeline, now);
  const start = spans[0]?.from ?? now;
  const length = Math.max(1, (spans.at(-1)?.to ?? now) - start);
  if (spans.length === 0) return <p class="hint">The server has no timeline of this job.</p>;
  const place = (ms: number) => `${(ms / length) * 100}%`;
  return (
    <>
      {/* The table says the same to assistive technology. */}
      <div class="waterfall" aria-hidden="true">
        <div class="waterfall-axis">
          {ticksOf(length, TICKS).map((at) => (
            <span key={at} style={{ left: place(at) }}>
              {at === 0 ? '0' : duration(at)}
            </span>
          ))}
        </div>
        {attemptsOf(spans).map(({ title, spans }) => (
          <div key={title} class="waterfall-attempt">
            <p class="waterfall-title">{title}</p>
            {spans.map((span) => (
              <div
                key={span.from + span.title}
                class="waterfall-row"
                data-kind={span.kind}
                data-error={span.errorCode}
              >
                <span class="waterfall-label cut" title={span.words || span.title}>
                  {span.title}
                </span>
                <span class="waterfall-track">
                  <span
                    class="waterfall-bar"
                    data-open={span.isOpen}
                    style={{ left: place(span.from - start), width: place(span.to - span.from) }}
                  />
                </span>
                <span class="waterfall-duration">
                  {span.kind === 'end' ? (span.errorCode ?? 'end') : duration(span.to - span.from)}
                </span>
              </div>
            ))}
          </div>
        ))}
      </div>
      <details class="waterfall-table">
        <summary>The timeline as a table</summary>
        <TimelineTable spans={spans} />
      </details>
    </>
  );
}

function TimelineTable({ spans }: { spans: readonly TimelineSpan[] }) {
  return (
    <div class="table-scroll" role="region" aria-label="Table of the timeline" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Run</th>
            <th scope="col">Attempt</th>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Duration
            </th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          {spans.map(({ kind, title, words, errorCode, run, attempt, from, to, isOpen }, i) => (
            <tr key={i}>
              <td>{clock(from)}</td>
              <td>{whole(run)}</td>
              <td>{attempt === undefined ? '' : whole(attempt)}</td>
              <td>
                {title}
                {words && <span class="hint"> {words}</span>}
              </td>
              <td class="number">
                {kind === 'end' ? '' : `${duration(to - from)}${isOpen ? ' so far' : ''}`}
              </td>
              <td title={adviceOf(errorCode)}>{errorCode ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Groups spans by attempt. A wait for a worker belongs to the attempt that follows. */
function attemptsOf(spans: readonly TimelineSpan[]): { title: string; spans: TimelineSpan[] }[] {
  const groups: { title: string; key: string; spans: TimelineSpan[] }[] = [];
  spans.forEach((span, i) => {
    const next = span.title === 'Waits for a worker' ? (spans[i + 1] ?? span) : span;
    const attempt = Math.max(1, (next.run === span.run ? next.attempt : undefined) ?? span.attempt ?? 1);
    const key = `${span.run}/${attempt}`;
    const title = `Run ${whole(span.run)}, attempt ${whole(attempt)}`;
    const last = groups.at(-1);
    if (last?.key === key) last.spans.push(span);
    else groups.push({ title, key, spans: [span] });
  });
  return groups;
}
