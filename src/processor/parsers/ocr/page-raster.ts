import { LiteParse } from '@llamaindex/liteparse';
import sharp, { type Sharp } from 'sharp';

import type { DocumentFile } from '../document-file.ts';
import { DPI, type Raster } from './raster-pdf.ts';

/** Most dots of a page for OCR: an A4 sheet at 250 dots an inch. More take longer and read no better. */
const MAX_DOTS = 6_000_000;
/** Dots of an A4 sheet at {@link DPI}. An image keeps as many, because its note of its density may be wrong. */
const SHEET_DOTS = 2_100_000;
/** Fewest dots of an image. Letters of a screenshot are too small for Tesseract. */
const MIN_DOTS = 1_500_000;
/** Largest enlargement of a small image. */
const MAX_SCALE = 2;
const POINTS_AN_INCH = 72;
const LEAST_DPI = 8;

// A child has one core. The cache would keep the images of earlier documents.
sharp.concurrency(1);
sharp.cache(false);

/** Opens an image. libvips refuses more than 268 million dots. */
function openImage(file: DocumentFile, page: number) {
  return sharp(file, { page: page - 1, failOn: 'none' });
}

/** Returns the number of pages of an image. @throws if the bytes are no image */
export async function pagesOfImage(file: DocumentFile): Promise<number> {
  const { pages = 1, width, height } = await sharp(file, { failOn: 'none' }).metadata();
  if (!(width > 0 && height > 0)) throw new Error('the image has no size');
  return pages;
}

/** Reads a page of an image as grey dots on white, upright by its own note. */
export async function imageRaster(file: DocumentFile, page: number): Promise<Raster> {
  const { width, height, density = DPI } = await openImage(file, page).metadata();
  const dots = width * height;
  const needed = Math.max(SHEET_DOTS, dots * Math.min(1, DPI / density) ** 2);
  const wanted = Math.min(Math.max(dots, MIN_DOTS), needed, MAX_DOTS);
  const scale = Math.min(Math.sqrt(wanted / dots), MAX_SCALE);
  const image = openImage(file, page)
    .autoOrient()
    .resize({
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
      fit: 'inside',
    });
  return greyOf(image);
}

/** Draws a page of a PDF as grey dots. */
export async function pdfRaster(file: DocumentFile, page: number): Promise<Raster> {
  const quiet = { ocrEnabled: false, quiet: true, targetPages: String(page), continueOnPageError: true };
  const { pages } = await new LiteParse(quiet).parse(file);
  const { width = 0, height = 0 } = pages[0] ?? {};
  const dotsAtOne = (width * height) / POINTS_AN_INCH ** 2;
  if (!(dotsAtOne > 0)) throw new Error('the page has no size');
  const dpi = Math.max(LEAST_DPI, Math.min(DPI, Math.sqrt(MAX_DOTS / dotsAtOne)));
  const [drawn] = await new LiteParse({ dpi, quiet: true }).screenshot(file, [page]);
  if (!drawn) throw new Error('the page cannot be drawn');
  return greyOf(sharp(drawn.imageBuffer));
}

/** Turns dots clockwise, by any angle. The corners become white. */
export function turned({ dots, width, height }: Raster, degrees: number): Promise<Raster> {
  if (degrees === 0) return Promise.resolve({ dots, width, height });
  const image = sharp(dots, { raw: { width, height, channels: 1 } });
  return greyOf(image.rotate(degrees, { background: '#fff' }));
}

async function greyOf(image: Sharp): Promise<Raster> {
  const { data, info } = await image
    .flatten({ background: '#fff' })
    .greyscale()
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { dots: data, width: info.width, height: info.height };
}
