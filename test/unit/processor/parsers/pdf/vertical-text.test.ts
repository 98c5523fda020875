import { fileURLToPath } from 'node:url';
import { buffer } from 'node:stream/consumers';
import PdfWriter from 'pdfkit';
import { expect, it } from 'vitest';

import { runsDown } from '../../../../../src/processor/parsers/pdf/pdf-lines.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

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

it.each([
  [['물 레 방 아', '는 강 가 에', '있 다 마 을'], true],
  [['오래된 물레방아는 강가에 있다', '아침이면 맷돌 소리가 들린다'], false],
  [['古い水車は川のそばに立つ'], false],
  [['물', '레'], false],
  [['a b c d e f g h i j k l'], false],
])('tells %j from lines that run across', (pieces, expected) => {
  expect(runsDown(pieces)).toBe(expected);
});
