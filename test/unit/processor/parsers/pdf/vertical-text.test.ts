import { fileURLToPath } from 'node:url';
import { buffer } from 'node:stream/consumers';
import PdfWriter from 'pdfkit';
import { expect, it } from 'vitest';

import { runsDown } from '../../../../../src/processor/parsers/pdf/pdf-lines.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';
import { pdf, PDF_CATALOGUE, pdfStream } from '../../../../helpers/documents/pdf-objects.ts';

const FONT = '@expo-google-fonts/gowun-dodum/400Regular/GowunDodum_400Regular.ttf';
const COLUMNS = ['오래된물레방아는강가에있다', '아침이면맷돌소리가들린다', '마을사람들이자루를들고온다'];

it('reads lines that run down from the right to the left', async () => {
  const document = new PdfWriter({ size: [612, 792] });
  document.font(fileURLToPath(import.meta.resolve(FONT))).fontSize(14);
  for (const [column, text] of COLUMNS.entries()) {
    for (const [row, letter] of Array.from(text).entries())
      document.text(letter, 500 - 24 * column, 80 + 15 * row, { lineBreak: false });
  }
  document.end();
  expect((await parsed(new Uint8Array(await buffer(document)))).text).toBe(COLUMNS.join('\n'));
});

/** A PDF of a Japanese line a page, in a font that is not in the file. Each page names the encoding of its font. */
function withoutFont(pages: Readonly<Record<string, string>>, latin = ''): Buffer<ArrayBuffer> {
  const objects: (string | Buffer)[] = [PDF_CATALOGUE, ''];
  const kids: string[] = [];
  for (const [encoding, line] of Object.entries(pages)) {
    const info = '/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >>';
    const face = '/FontDescriptor << /Type /FontDescriptor /FontName /Mincho /Flags 4 >>';
    const cids = `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Mincho ${info} ${face} >>`;
    const font = `<< /Type /Font /Subtype /Type0 /BaseFont /Mincho /Encoding /${encoding} /DescendantFonts [${cids}] >>`;
    const codes = Buffer.from(line, 'utf16le').swap16().toString('hex');
    objects.push(pdfStream(`BT /F 14 Tf 300 700 Td <${codes}> Tj /L 14 Tf 0 -20 Td (${latin}) Tj ET`));
    const fonts = `/F ${font} /L << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>`;
    const box = `/MediaBox [0 0 612 792] /Contents ${objects.length} 0 R /Resources << /Font << ${fonts} >> >>`;
    objects.push(`<< /Type /Page /Parent 2 0 R ${box} >>`);
    kids.push(`${objects.length} 0 R`);
  }
  objects[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${kids.length} >>`;
  return pdf(objects);
}

it('reads a line whose font is not in the file, or counts its page as unread', async () => {
  const [across, down] = ['古い水車は川のそばに立つ', '朝になると粉ひきの音がする'];
  const read = await parsed(withoutFont({ 'UniJIS-UCS2-H': across, 'UniJIS-UCS2-V': down }));
  expect(read.segments.map(({ page, text }) => [page, text.trim()])).toEqual([
    [1, expect.stringContaining(across)],
    [2, expect.stringContaining(down)],
  ]);
  expect(read.metadata).not.toHaveProperty('pages_unread');
  const unknown = await parsed(withoutFont({ 'UniJIS-UCS2-H': across, 'Unknown-V': down }));
  expect(unknown.metadata).toMatchObject({ pages: 2, pages_unread: 1 });
});

it('reads such a line beside words in other fonts', async () => {
  const { text } = await parsed(withoutFont({ 'UniJIS-UCS2-V': '古い水車は川のそばに立つ' }, 'Mill 1871'));
  expect(text).toContain('古い水車は川のそばに立つ');
  expect(text).toContain('Mill 1871');
});

it.each([
  [['물 레 방 아', '는 강 가 에', '있 다 마 을'], true],
  [['오래된 물레방아는 강가에 있다', '아침이면 맷돌 소리가 들린다'], false],
  [['古い水車は川のそばに立つ'], false],
  [['물', '레'], false],
  [['a b c d e f g h i j k l'], false],
])('tells %j from lines that run across', (pieces, expected) => {
  expect(runsDown(pieces)).toBe(expected);
});
