import { fileURLToPath } from 'node:url';
import { openSync, type Font } from 'fontkit';
import sharp from 'sharp';

import { Random } from '../../chaos/random.ts';
import { pdf, PDF_CATALOGUE, pdfStream } from '../../helpers/documents/pdf-objects.ts';
import type { Written } from './written.ts';

const FONT = '@expo-google-fonts/gowun-dodum/400Regular/GowunDodum_400Regular.ttf';
/** Width of an A4 sheet in dots, at 100 dots an inch. */
const WIDTH = 827;
const HEIGHT = 1170;
/** Heights of letters and lines, in dots. */
const LETTER = 22;
const LINE = 40;
const MARGIN = 80;
/** Samples of a dot in each direction, which smooth the edges of letters. */
const SAMPLES = 4;
/** Straight pieces per curve. */
const PIECES = 6;

export const SCANNED_LINES = [
  'Minutes of the council of Hallin',
  'The sea wall has been seen by all of its members.',
  'It was found to lean outwards by a hand and a half.',
  'The mason asks for nine hundred crowns and a goat.',
  'The goat was granted without a vote.',
];

type Edge = readonly [x0: number, y0: number, x1: number, y1: number];

/** Draws a page of text in shades of grey and with dust: one byte a dot, row by row. */
export function scannedSheet(): { dots: Buffer; width: number; height: number } {
  const dots = Buffer.alloc(WIDTH * HEIGHT, 0xff);
  const font = openSync(fileURLToPath(import.meta.resolve(FONT))) as Font;
  for (const [index, line] of SCANNED_LINES.entries())
    fill(dots, outline(font, line, MARGIN + LINE * (index + 1)));
  const random = new Random('dust');
  for (let speck = 0; speck < 2000; speck++) dots[random.int(0, dots.length - 1)] = random.int(120, 220);
  return { dots, width: WIDTH, height: HEIGHT };
}

/** Builds an image of text. */
export async function scannedImage(): Promise<Written> {
  const { dots, width, height } = scannedSheet();
  const bytes = await sharp(dots, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
  return { bytes, pages: [SCANNED_LINES.join('\n')] };
}

/** Builds a page that is only an image of text. */
export function scan(): Written {
  const { dots } = scannedSheet();
  const image = `/Type /XObject /Subtype /Image /Width ${WIDTH} /Height ${HEIGHT} /ColorSpace /DeviceGray /BitsPerComponent 8`;
  const page =
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /Scan 5 0 R >> >> >>';
  const bytes = pdf([
    PDF_CATALOGUE,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    page,
    pdfStream('q 595 0 0 842 0 0 cm /Scan Do Q\n'),
    pdfStream(dots, image),
  ]);
  return { bytes, pages: [SCANNED_LINES.join('\n')] };
}

/** Returns the edges of a line's letters, in dots from the left and from the top. @param base the baseline */
function outline(font: Font, text: string, base: number): Edge[] {
  const scale = LETTER / font.unitsPerEm;
  const edges: Edge[] = [];
  let pen = MARGIN;
  for (const { path, advanceWidth } of font.layout(text).glyphs) {
    let at = { x: 0, y: 0 };
    let start = at;
    const to = (x: number, y: number) => {
      edges.push([pen + at.x * scale, base - at.y * scale, pen + x * scale, base - y * scale]);
      at = { x, y };
    };
    for (const { command, args } of path.commands) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
      const from = at;
      const along = (curve: (t: number, s: number) => [x: number, y: number]) => {
        for (let piece = 1; piece <= PIECES; piece++) to(...curve(piece / PIECES, 1 - piece / PIECES));
      };
      if (command === 'moveTo') start = at = { x: a, y: b };
      else if (command === 'lineTo') to(a, b);
      else if (command === 'closePath') to(start.x, start.y);
      else if (command === 'quadraticCurveTo')
        along((t, s) => [
          s * s * from.x + 2 * s * t * a + t * t * c,
          s * s * from.y + 2 * s * t * b + t * t * d,
        ]);
      else
        along((t, s) => [
          s ** 3 * from.x + 3 * s * s * t * a + 3 * s * t * t * c + t ** 3 * e,
          s ** 3 * from.y + 3 * s * s * t * b + 3 * s * t * t * d + t ** 3 * f,
        ]);
    }
    pen += advanceWidth * scale;
  }
  return edges;
}

/** Blackens the samples inside the edges, by winding number. */
function fill(dots: Buffer, edges: readonly Edge[]): void {
  const heights = edges.flatMap(([, y0, , y1]) => [y0, y1]);
  const first = Math.floor(Math.min(...heights)) * SAMPLES;
  const last = Math.ceil(Math.max(...heights)) * SAMPLES;
  for (let row = first; row < last; row++) {
    const y = (row + 0.5) / SAMPLES;
    const crossings = edges
      .filter(([, y0, , y1]) => y0 <= y !== y1 <= y)
      .map(([x0, y0, x1, y1]) => ({ x: x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), turn: y0 < y1 ? 1 : -1 }))
      .sort((a, b) => a.x - b.x);
    let winding = 0;
    for (const [index, { x, turn }] of crossings.entries()) {
      winding += turn;
      if (winding === 0) continue;
      const end = Math.round((crossings[index + 1]?.x ?? x) * SAMPLES);
      for (let sample = Math.round(x * SAMPLES); sample < end; sample++) {
        const dot = Math.floor(row / SAMPLES) * WIDTH + Math.floor(sample / SAMPLES);
        dots[dot] = Math.max(0, (dots[dot] ?? 0) - 255 / SAMPLES ** 2);
      }
    }
  }
}
