import { LiteParse, type ParsedPage } from '@llamaindex/liteparse';

import type { DocumentFile } from '../document-file.ts';
import { ocrMarkdown, type OcrWord } from './ocr-lines.ts';
import { imageRaster, pdfRaster, turned } from './page-raster.ts';
import { DPI, NARROW, rasterPdf, type Raster } from './raster-pdf.ts';
import { liesOnItsSide, skewOf } from './skew.ts';

interface OcrPage {
  path: DocumentFile;
  /** Counts from 1. */
  page: number;
  isPdf: boolean;
  /** Folder of the language data. */
  folder: string;
  /** Languages as Tesseract takes them. */
  languages: string;
}

interface Attempt {
  words: OcrWord[];
  size: readonly [number, number];
  /** Whether the lines run down the page. Tesseract reads them, but in the wrong order. */
  isSideways: boolean;
  /** Mean confidence of a letter, 0..1. */
  confidence: number;
  /** Letters weighted by their confidence. The best attempt has most. */
  score: number;
}

/** Mean confidence of a text that needs no other attempt. Good scans reach 0.95, upside down they read as junk at 0.6. */
const SURE = 0.8;
/** Mean confidence below which a text is junk: that of photos, stains and unknown scripts. */
const JUNK = 0.75;
/** Confidence below which a word is left out. */
const MIN_CONFIDENCE = 0.3;
/** Letters from which on a word is wider than high, unless it is turned. */
const TELLING_LETTERS = 4;
/** Turns to try in order: of a page whose lines seem to run down, and of any other. */
const SIDEWAYS_TURNS = [90, 270, 0, 180];
const OTHER_TURNS = [0, 180, 90, 270];

/**
 * Reads the text of a page from its image. It straightens a skewed page, and turns one that reads as junk.
 * @param mayGoOn whether there is time for another attempt
 * @returns Markdown, empty if nothing was recognized
 * @throws if the page cannot be drawn, or OCR fails
 */
export async function recognizePage(from: OcrPage, mayGoOn: () => boolean): Promise<string> {
  const { path, page, isPdf } = from;
  const raster = isPdf ? await pdfRaster(path, page) : await imageRaster(path, page);
  let best: Attempt | undefined;
  let opposite: number | undefined;
  for (const turn of liesOnItsSide(raster) ? SIDEWAYS_TURNS : OTHER_TURNS) {
    if (turn === opposite) continue;
    if (best && (best.confidence >= SURE || !mayGoOn())) break;
    const attempt = await attemptAt(raster, turn, from);
    if (attempt.isSideways) opposite = (turn + 180) % 360;
    if (!best || attempt.score > best.score) best = attempt;
    // A page without any word is blank, or a photo. On its side, the words of an upright one may be lost.
    if (turn === 0 && best.words.length === 0) break;
  }
  if (!best || best.confidence < JUNK) return '';
  return ocrMarkdown(best.words, best.size);
}

async function attemptAt(raster: Raster, turn: number, { folder, languages }: OcrPage): Promise<Attempt> {
  const upright = await turned(raster, turn);
  const straight = await turned(upright, -skewOf(upright));
  const parser = new LiteParse({
    ocrEnabled: true,
    ocrLanguage: languages,
    tessdataPath: folder,
    dpi: DPI,
    numWorkers: 1,
    quiet: true,
    imageMode: 'off',
  });
  const { pages } = await parser.parse(rasterPdf(straight));
  return rated(pages[0]);
}

/** Rates an attempt. One with lines that run down the page counts for nothing. */
function rated(page: ParsedPage | undefined): Attempt {
  const all = (page?.textItems ?? [])
    .filter(({ text }) => text.trim() !== '')
    .map((word) => ({ ...word, x: word.x / NARROW, width: word.width / NARROW }));
  const telling = all.filter(({ text }) => text.length >= TELLING_LETTERS);
  const isSideways = telling.filter(({ width, height }) => height > width).length * 2 > telling.length;
  const letters = all.reduce((sum, { text }) => sum + text.length, 0);
  const sum = all.reduce((total, { text, confidence = 0 }) => total + text.length * confidence, 0);
  const confidence = letters === 0 || isSideways ? 0 : sum / letters;
  return {
    words: all.filter(({ confidence: own = 0 }) => own >= MIN_CONFIDENCE),
    size: [(page?.width ?? 0) / NARROW, page?.height ?? 0],
    isSideways,
    confidence,
    score: confidence < JUNK ? confidence : sum,
  };
}
