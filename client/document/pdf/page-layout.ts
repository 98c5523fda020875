/** Size of a page in points, at its own rotation. */
export interface PageSize {
  width: number;
  height: number;
}

/** Scale at which a page has its printed size: CSS pixels of a point. */
export const PRINTED = 96 / 72;
/** Gap between pages, and around them, in CSS pixels. */
export const GAP = 12;
const LEAST_SCALE = 0.25 * PRINTED;
const MOST_SCALE = 5 * PRINTED;

/** A place in the pages: a page, and the share of its height above the top of the window. */
export interface Spot {
  page: number;
  share: number;
}

/** Returns the top of each page in CSS pixels, and at last the height of all. */
export function topsOf(sizes: readonly PageSize[], scale: number): number[] {
  const tops: number[] = [];
  let top = GAP;
  for (const { height } of sizes) {
    tops.push(top);
    top += Math.floor(height * scale) + GAP;
  }
  return [...tops, top];
}

/** Returns the page at a height, from 1. */
export function pageAt(tops: readonly number[], height: number): number {
  let low = 0;
  let high = tops.length - 2;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((tops[middle] ?? 0) <= height) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

export function spotAt(tops: readonly number[], height: number): Spot {
  const page = pageAt(tops, height);
  const top = tops[page - 1] ?? 0;
  return { page, share: (height - top) / Math.max(1, (tops[page] ?? 0) - top) };
}

export function heightOf(tops: readonly number[], { page, share }: Spot): number {
  const top = tops[page - 1] ?? 0;
  return top + share * ((tops[page] ?? top) - top);
}

export function bounded(scale: number): number {
  return Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
}
