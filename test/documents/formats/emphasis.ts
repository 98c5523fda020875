import { finished, newPdf } from './pdf-layout.ts';
import type { Written } from './written.ts';

/** Words and parts of words, each with its font. */
const PIECES = [
  ['The curve is ', ''],
  ['complementary', '-Oblique'],
  [' to the keeper’s book by design. A ', ''],
  ['half', '-Bold'],
  ['finished word and an un', ''],
  ['spel', '-BoldOblique'],
  ['lable one stand beside ', ''],
  ['the Tide Reader of Hallin', '-Oblique'],
  [', and nobody minds. For the rest of the paragraph the hand of the writer is steady and plain.', ''],
] as const;

/** A paragraph with words in italics and in bold, and some that are so in part. */
export async function emphasisPdf(): Promise<Written> {
  const pdf = newPdf();
  pdf.addPage().fontSize(12);
  for (const [index, [text, style]] of PIECES.entries()) {
    const continued = index < PIECES.length - 1;
    pdf.font(`Helvetica${style}`);
    if (index === 0) pdf.text(text, 60, 80, { width: 460, continued });
    else pdf.text(text, { continued });
  }
  return { bytes: await finished(pdf), pages: [PIECES.map(([text]) => text).join('')] };
}
