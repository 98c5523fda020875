import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { unpackLanguages, type OcrData } from '../../../../src/processor/ocr/languages.ts';
import { imageRaster, turned } from '../../../../src/processor/parsers/ocr/page-raster.ts';
import { rasterPdf } from '../../../../src/processor/parsers/ocr/raster-pdf.ts';
import { recognizePage } from '../../../../src/processor/parsers/ocr/recognize-page.ts';
import { liesOnItsSide, skewOf } from '../../../../src/processor/parsers/ocr/skew.ts';
import { SCANNED_LINES, scannedSheet } from '../../../documents/formats/scan.ts';
import { photo, scannedPdf, sheet } from '../../../helpers/documents/scans.ts';

let folder: string;
let data: OcrData;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocr-'));
  data = await unpackLanguages(['eng'], join(folder, 'data'));
});
afterAll(() => rm(folder, { recursive: true }));

const WORDS = SCANNED_LINES.join(' ');

async function recognized(bytes: Buffer, { isPdf = false, isInTime = true } = {}): Promise<string> {
  const path = join(folder, 'file.pdf');
  await writeFile(path, bytes);
  const text = await recognizePage({ path, page: 1, isPdf, ...data }, () => isInTime);
  return text.replace(/\s+/g, ' ').trim();
}

describe('OCR of a page', () => {
  it.each<[string, (image: Sharp) => Sharp]>([
    ['a PNG with transparency', (image) => image.toColourspace('srgb').ensureAlpha().png()],
    ['a JPEG', (image) => image.jpeg()],
    ['a TIFF', (image) => image.tiff({ compression: 'lzw' })],
    ['a WEBP', (image) => image.webp()],
    ['white letters on black', (image) => image.negate().png()],
    ['half as large', (image) => image.resize(620).png()],
  ])('reads %s', async (_, encode) => {
    expect(await recognized(await encode(sheet()).toBuffer())).toBe(WORDS);
  });

  it.each([90, 180, 270])('reads a page that is turned by %i degrees', async (degrees) => {
    expect(await recognized(await sheet().rotate(degrees).png().toBuffer())).toBe(WORDS);
  });

  it('reads a page on its side at the first attempt', async () => {
    const onItsSide = await sheet().rotate(270).png().toBuffer();
    expect(await recognized(onItsSide, { isInTime: false })).toBe(WORDS);
  });

  it('reads an upright page whose drawing makes it seem to lie on its side', async () => {
    const word = sheet().extract({ left: 75, top: 90, width: 90, height: 40 }).resize(250);
    const white = { width: 1240, height: 1754, channels: 3, background: '#fff' } as const;
    const black = { width: 4, height: 1100, channels: 3, background: '#000' } as const;
    const bars = [120, 320, 520, 720, 920].map((left) => ({ input: { create: black }, left, top: 400 }));
    const parts = [{ input: await word.png().toBuffer(), left: 250, top: 160 }, ...bars];
    const drawing = await sharp({ create: white }).composite(parts).png().toBuffer();
    expect(liesOnItsSide(await imageRaster(drawing, 1))).toBe(true);
    expect(await recognized(drawing)).toContain('Minutes');
  });

  it('straightens a skewed page', async () => {
    const skewed = sheet().rotate(4, { background: '#fff' });
    expect(await recognized(await skewed.png().toBuffer())).toBe(WORDS);
  });

  it('draws the page of a PDF', async () => {
    const image = sheet();
    expect(await recognized(await scannedPdf([{ image }]), { isPdf: true })).toBe(WORDS);
  });

  it('reads nothing on a photo, or on a page upside down without time to turn it', async () => {
    expect(await recognized(await photo().png().toBuffer())).toBe('');
    const turned = await sheet().rotate(180).png().toBuffer();
    expect(await recognized(turned, { isInTime: false })).toBe('');
  });

  it('fails for a page that cannot be drawn', async () => {
    await expect(recognized(Buffer.from('%PDF-1.7\n'), { isPdf: true })).rejects.toThrow();
    await expect(recognized(Buffer.from('\x89PNG\r\n'))).rejects.toThrow();
  });
});

it.each([-5, -1.5, 0, 2, 5])('finds a skew of %d degrees', async (degrees) => {
  const raster = scannedSheet();
  expect(Math.abs(skewOf(await turned(raster, degrees)) - degrees)).toBeLessThan(0.3);
});

it('finds no skew where there are no lines', async () => {
  const { data: dots, info } = await photo().raw().toBuffer({ resolveWithObject: true });
  expect(skewOf({ dots, width: info.width, height: info.height })).toBe(0);
  expect(skewOf({ dots: Buffer.alloc(100, 0xff), width: 10, height: 10 })).toBe(0);
});

it.each<[string, number, number, number]>([
  ['a sheet at the density of OCR', 2480, 300, 1240],
  ['as many dots as a sheet needs if the note of its density seems wrong', 2480, 1200, 1218],
  ['an image with a low density as large as it is', 1600, 96, 1600],
])('draws %s', async (_, side, density, drawn) => {
  const image = sharp({
    create: { width: side, height: Math.round(side * 1.4145), channels: 3, background: '#fff' },
  });
  const file = await image.withMetadata({ density }).png().toBuffer();
  expect((await imageRaster(file, 1)).width).toBeCloseTo(drawn, -1);
});

it('shows OCR a page narrower than it is', () => {
  const { dots, width, height } = scannedSheet();
  const box = /MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(
    rasterPdf({ dots, width, height }).toString('latin1'),
  );
  expect(Number(box?.[1]) / Number(box?.[2])).toBeLessThan((width / height) * 0.9);
});

it('notices lines that run down', async () => {
  const raster = scannedSheet();
  const turns = [0, 90, 180, 270].map(async (degrees) => liesOnItsSide(await turned(raster, degrees)));
  expect(await Promise.all(turns)).toEqual([false, true, false, true]);
});
