import { useRef } from 'preact/hooks';

/** Time over which a speed is measured, in ms. */
const WINDOW_MS = 5000;

/** Measures how fast a count grows. */
export class Speed {
  #samples: { at: number; count: number }[] = [];

  /** Returns the growth per second over the last seconds; `undefined` before it is known. */
  at(count: number, now: number): number | undefined {
    const last = this.#samples.at(-1);
    if (last && count < last.count) this.#samples = [];
    this.#samples.push({ at: now, count });
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) > WINDOW_MS) this.#samples.shift();
    const [first] = this.#samples;
    if (!first || now - first.at < 1000) return undefined;
    return ((count - first.count) * 1000) / (now - first.at);
  }
}

/** Measures the growth of a count per second. @param unit name of the counted things; another one restarts the measurement */
export function useSpeed(unit: string, count: number | undefined, now: number): number | undefined {
  const measured = useRef<{ unit: string; speed: Speed } | undefined>(undefined);
  if (measured.current?.unit !== unit) measured.current = { unit, speed: new Speed() };
  return count === undefined ? undefined : measured.current.speed.at(count, now);
}
