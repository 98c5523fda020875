import { LiteParse, type TextItem } from '@llamaindex/liteparse';

import { DocumentWords } from '../pdf/words/line-ends.ts';

/** A word that OCR has read, with its place on the page. */
export type OcrWord = Pick<TextItem, 'text' | 'x' | 'y' | 'width' | 'height' | 'confidence'>;

interface Line {
  words: OcrWord[];
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Widest gap between words of a line, in line heights. A wider one separates columns. */
const MAX_GAP = 1;
/** Heights from this to that share of the usual one count as the usual one. Boxes end where a word's letters do. */
const SAME_SIZE = [0.6, 1.4] as const;
/** Share of a line's words that are at most as high as its letters. A bracket or a speck may be higher. */
const TYPICAL = 0.75;

/** Writes a page's words as Markdown, with its columns, headings and tables. */
export async function ocrMarkdown(
  words: readonly OcrWord[],
  [pageWidth, pageHeight]: readonly [number, number],
): Promise<string> {
  const lines = linesOf(words);
  if (lines.length === 0) return '';
  const usual = quantile(
    lines.flatMap((line) => line.words.flatMap(({ text }) => Array.from(text, () => heightOf(line)))),
    0.5,
  );
  const items = lines.map((line): TextItem => {
    const ratio = heightOf(line) / usual;
    const height = ratio >= SAME_SIZE[0] && ratio <= SAME_SIZE[1] ? usual : heightOf(line);
    const text = line.words.map((word) => word.text).join(' ');
    const place = { x: line.left, y: line.bottom - height, width: line.right - line.left, height };
    return { text, ...place, fontName: 'OCR', fontSize: height, rotation: 0, words: [] };
  });
  const parser = new LiteParse({
    outputFormat: 'markdown',
    imageMode: 'off',
    keepHeadersFooters: true,
    ocrEnabled: false,
    quiet: true,
  });
  const page = { pageNumber: 1, pageWidth, pageHeight, textItems: items };
  const markdown = parser.parsePages([page]).pages[0]?.markdown ?? '';
  const texts = items.map(({ text }) => text);
  const known = new DocumentWords();
  known.add(texts);
  return known.restore(markdown, texts);
}

/** Joins neighbouring words into lines. Tesseract lists the words of a line one after the other. */
function linesOf(words: readonly OcrWord[]): Line[] {
  const lines: Line[] = [];
  for (const word of words) {
    const bottom = word.y + word.height;
    const line = lines.at(-1);
    const middle = word.y + word.height / 2;
    const height = line ? line.bottom - line.top : 0;
    const gap = line ? word.x - line.right : 0;
    const isBeside = line && middle > line.top && middle < line.bottom;
    if (line && isBeside && gap > -height && gap < height * MAX_GAP) {
      line.words.push(word);
      line.right = Math.max(line.right, word.x + word.width);
      line.top = Math.min(line.top, word.y);
      line.bottom = Math.max(line.bottom, bottom);
    } else {
      lines.push({ words: [word], left: word.x, right: word.x + word.width, top: word.y, bottom });
    }
  }
  return lines;
}

function heightOf({ words }: Line): number {
  return quantile(
    words.map(({ height }) => height),
    TYPICAL,
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
