import { finished, newPdf } from './pdf-layout.ts';
import type { Written } from './written.ts';

/** Lines of one paragraph, in pieces with their fonts. Readers mark a whole line by its first piece. */
const LINES = [
  [['The curve that the gauge has drawn for all these years is by its very nature and by its design', '']],
  [
    [
      'complementary to the keeper’s book, in which every visitor and every storm is noted with a',
      '-Oblique',
    ],
  ],
  [
    ['date and with a name. For example, the visit of the bishop is ', ''],
    ['underlined', '-Bold'],
    [' in red. Nobody can say', ''],
  ],
  [
    ['why the bish', '-Bold'],
    ['op came, or when he left. The book says only that the tide was high.', ''],
  ],
] as const;

/** Builds a paragraph with words in italics and in bold, one of them in part. */
export async function emphasisPdf(): Promise<Written> {
  const pdf = newPdf();
  pdf.addPage().fontSize(11);
  for (const [index, pieces] of LINES.entries()) {
    let x = 60;
    for (const [text, style] of pieces) {
      pdf.font(`Helvetica${style}`).text(text, x, 80 + 14 * index, { lineBreak: false });
      x += pdf.widthOfString(text);
    }
  }
  const lines = LINES.map((pieces) => pieces.map(([text]) => text).join(''));
  return { bytes: await finished(pdf), pages: [lines.join('\n')] };
}
