import type { Raster } from './raster-pdf.ts';

/** Angles to try, in degrees. Scanners turn a sheet by less. */
const MAX_ANGLE = 6;
const COARSE = 0.5;
const FINE = 0.1;
/** Smallest angle to correct. Tesseract loses lines from 1.5° on. */
const MIN_ANGLE = 0.3;
/** Least gain of sharpness that proves an angle. Photos and drawings have no lines. */
const MIN_GAIN = 1.1;
/** Most dark dots to look at. More would not change the angle. */
const MAX_DOTS = 15_000;
/** Looks at one row and column in this number. 2 takes a quarter of the time, and finds the same angles. */
const STEP = 2;
/** A dot is dark if it is darker than the page's mean by this. */
const CONTRAST = 60;

/** Places of dark dots. */
interface Dots {
  x: Uint32Array;
  y: Uint32Array;
}

/** Returns the clockwise angle in degrees by which a page's lines of text are turned; 0 without clear lines. */
export function skewOf(raster: Raster): number {
  const dots = darkDots(raster);
  if (dots.x.length === 0) return 0;
  const sharpness = (angle: number) => sharpnessAt(dots, angle, raster);
  const coarse = best(angles(0, MAX_ANGLE, COARSE), sharpness);
  const fine = best(angles(coarse, COARSE, FINE), sharpness);
  return Math.abs(fine) >= MIN_ANGLE && sharpness(fine) > sharpness(0) * MIN_GAIN ? fine : 0;
}

/** Returns whether a page's lines of text seem to run down: its columns of dots are sharper than its rows. */
export function liesOnItsSide(raster: Raster): boolean {
  const { x, y } = darkDots(raster);
  const { width, height } = raster;
  const across = sharpnessAt({ x, y }, 0, raster) * height;
  return sharpnessAt({ x: y, y: x }, 0, { ...raster, width: height, height: width }) * width > across;
}

function* angles(middle: number, reach: number, step: number): Generator<number> {
  for (let angle = middle - reach; angle <= middle + reach + step / 2; angle += step) yield angle;
}

function best(candidates: Iterable<number>, score: (angle: number) => number): number {
  let found = 0;
  let highest = -1;
  for (const angle of candidates) {
    const reached = score(angle);
    if (reached > highest) [found, highest] = [angle, reached];
  }
  return found;
}

/** Picks dark dots from the whole page. */
function darkDots({ dots, width, height }: Raster): Dots {
  const looked = Buffer.alloc(Math.ceil(width / STEP) * Math.ceil(height / STEP));
  let length = 0;
  for (let y = 0; y < height; y += STEP) {
    for (let at = y * width; at < (y + 1) * width; at += STEP) looked[length++] = dots[at] ?? 0;
  }
  let sum = 0;
  for (let at = 0; at < length; at++) sum += looked[at] ?? 0;
  const limit = sum / length - CONTRAST;
  let dark = 0;
  for (let at = 0; at < length; at++) if ((looked[at] ?? 0) < limit) dark++;
  const every = Math.max(1, Math.floor(dark / MAX_DOTS));
  const count = Math.floor(dark / every);
  const found = { x: new Uint32Array(count), y: new Uint32Array(count) };
  const columns = Math.ceil(width / STEP);
  let seen = 0;
  for (let at = 0; at < length; at++) {
    if ((looked[at] ?? 0) >= limit) continue;
    const index = Math.floor(seen / every);
    if (seen++ % every !== 0 || index >= count) continue;
    found.x[index] = (at % columns) * STEP;
    found.y[index] = Math.floor(at / columns) * STEP;
  }
  return found;
}

/** Returns the sharpness of the rows of dots at an angle: the sum of squares of their numbers. */
function sharpnessAt({ x, y }: Dots, angle: number, { width, height }: Raster): number {
  const slope = Math.tan((angle * Math.PI) / 180);
  const shift = Math.ceil(Math.abs(slope) * width);
  const rows = new Uint32Array(Math.ceil((height + 2 * shift) / STEP) + 1);
  for (let at = 0; at < x.length; at++) {
    const row = Math.round(((y[at] ?? 0) - (x[at] ?? 0) * slope + shift) / STEP);
    rows[row] = (rows[row] ?? 0) + 1;
  }
  let sum = 0;
  for (const count of rows) sum += count * count;
  return sum;
}
