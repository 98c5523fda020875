import type { ComponentChildren } from 'preact';

import { GAP_MS, type Point } from './samples.ts';

const WIDTH = 240;
const HEIGHT = 48;

/** Shows how a value has changed over the last minutes: one line, or two of the same unit. */
export function TrendChart({
  title,
  lines,
  format,
  now,
  shownMs,
  most,
  children,
}: {
  title: string;
  lines: readonly (readonly Point[])[];
  format: (value: number) => string;
  now: number;
  /** Time that the chart shows, in ms. */
  shownMs: number;
  /** Top of the chart. By default the highest value. */
  most?: number;
  /** The present value, in words. */
  children: ComponentChildren;
}) {
  const values = lines.flat().flatMap(({ value }) => value ?? []);
  const highest = values.length === 0 ? 0 : Math.max(...values);
  const outlines = lines.map((points) => outlineOf(points, now, shownMs, most ?? highest));
  const range =
    values.length === 0
      ? 'No value yet.'
      : `Between ${format(Math.min(...values))} and ${format(highest)} in the last minutes.`;
  return (
    <figure class="trend">
      <figcaption>
        <span class="trend-title">{title}</span>
        <span class="trend-value">{children}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${range}`}
      >
        {outlines.length === 1 && <path class="trend-area" d={outlines[0]?.area} />}
        {outlines.map(({ line }, i) => (
          <path key={i} class="trend-line" d={line} />
        ))}
      </svg>
    </figure>
  );
}

interface Outline {
  line: string;
  /** The surface between the line and the ground. */
  area: string;
}

/** Returns the outline of a line. A gap of time or of knowledge interrupts it. */
function outlineOf(points: readonly Point[], now: number, shownMs: number, most: number): Outline {
  const outline: Outline = { line: '', area: '' };
  let part: [x: string, y: string][] = [];
  const end = () => {
    const first = part[0]?.[0];
    const last = part.at(-1)?.[0];
    if (first !== undefined) {
      const path = part.map(([x, y]) => `${x} ${y}`).join('L');
      // A single point is a dot, because a line of no length is not drawn.
      outline.line += `M${path}${part.length === 1 ? 'h0.5' : ''}`;
      outline.area += `M${first} ${HEIGHT}L${path}L${last} ${HEIGHT}Z`;
    }
    part = [];
  };
  let formerAt = 0;
  for (const { at, value } of points) {
    if (value === undefined || at - formerAt > GAP_MS) end();
    if (value === undefined) continue;
    formerAt = at;
    const x = WIDTH * (1 - (now - at) / shownMs);
    const y = HEIGHT - 2 - (most > 0 ? (value / most) * (HEIGHT - 6) : 0);
    part.push([x.toFixed(1), y.toFixed(1)]);
  }
  end();
  return outline;
}
