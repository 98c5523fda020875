import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { finished, newPdf } from './pdf-layout.ts';
import type { Written } from './written.ts';

const font = (path: string) => readFileSync(fileURLToPath(import.meta.resolve(`@expo-google-fonts/${path}`)));
const RIGHT = 540;
const SIZE = 13;
const LINE = 26;

const KOREAN = {
  title: '할린 염전의 소금 생산',
  paragraphs: [
    '할린 마을 아래에는 아홉 단의 염전이 있다. 바닷물은 사리 때 가장 높은 염전으로 들어온다.',
    '물은 매주 한 단씩 아래로 내려가면서 점점 진해진다. 마지막 염전에서는 나무 갈퀴로 소금을 모은다.',
    '쇠로 만든 갈퀴는 소금을 물들이기 때문이다. 회색 소금은 생선을 절이는 데 쓰인다.',
    '조용한 저녁에 걷어 낸 흰 소금은 꽃소금이라고 불리며 열한 배나 비싸게 팔린다.',
  ],
  rows: [
    ['연도', '생산량', '날씨', '책임자'],
    ['1921', '210톤', '맑음', '김서연'],
    ['1922', '58톤', '장마', '박민준'],
    ['1923', '147톤', '흐림', '이하은'],
    ['1924', '172톤', '바람', '최도윤'],
  ],
};

/** Builds a page of Korean with a table, in a partly embedded font, as word processors do. */
export async function koreanPdf(): Promise<Written> {
  const pdf = newPdf();
  pdf.addPage().font(font('gowun-dodum/400Regular/GowunDodum_400Regular.ttf'));
  pdf.fontSize(22).text(KOREAN.title, 60, 60, { lineBreak: false });
  pdf.fontSize(11);
  for (const [index, line] of KOREAN.paragraphs.entries()) {
    pdf.text(line, 60, 120 + index * LINE, { lineBreak: false });
  }
  for (const [row, cells] of KOREAN.rows.entries()) {
    for (const [column, cell] of cells.entries()) {
      const [x, y] = [60 + column * 110, 260 + row * LINE];
      pdf.rect(x, y, 110, LINE).stroke();
      pdf.text(cell, x + 8, y + 6, { lineBreak: false });
    }
  }
  const says = [KOREAN.title, ...KOREAN.paragraphs, ...KOREAN.rows.map((row) => row.join(' '))];
  return { bytes: await finished(pdf), pages: [says.join('\n')] };
}

const ARABIC = [
  'طاحونة المد والجزر عند المضيق',
  'تقع الطاحونة عند المضيق بين الجزيرتين الكبيرتين.',
  'يدخل الماء إلى البركة عندما يرتفع البحر.',
  'ثم تغلق البوابة وحدها عندما ينحسر الماء.',
  'يطحن الطحان خمس ساعات في كل نصف يوم.',
  'رسم المقياس أول خط في سنة 1868 وما زال يعمل.',
];

/** Builds a page of Arabic in a partly embedded font: joined letters, words drawn from the right. */
export async function arabicPdf(): Promise<Written> {
  const pdf = newPdf();
  pdf.addPage().font(font('tajawal/400Regular/Tajawal_400Regular.ttf'));
  for (const [index, line] of ARABIC.entries()) {
    pdf.fontSize(index === 0 ? 2 * SIZE : SIZE);
    let x = RIGHT;
    for (const word of line.split(' ')) {
      x -= pdf.widthOfString(word);
      pdf.text(word, x, 80 + index * 2 * LINE, { lineBreak: false });
      x -= pdf.widthOfString(' ');
    }
  }
  return { bytes: await finished(pdf), pages: [ARABIC.join('\n')] };
}
