import { epub, openDocument } from '../helpers/documents/office-files.ts';
import { emphasisPdf } from './formats/emphasis.ts';
import { plainHtml, reportPage } from './formats/html-page.ts';
import { arabicPdf, koreanPdf } from './formats/language-pdfs.ts';
import { excelBinary, outlookMessage, wrappedMail } from './formats/legacy/legacy-files.ts';
import { wordBinary } from './formats/legacy/word-binary.ts';
import {
  ATTACHMENTS,
  ATTACHMENTS_MAIL,
  BASE64_MAIL,
  MAIL,
  MAILBOX,
  MAILBOX_WORDS,
  UTF16_MAIL,
} from './formats/mails.ts';
import { articles, take } from './text/manuscript.ts';
import { among, chapters, novel, parted, report } from './text/long-texts.ts';
import { withoutTable } from './formats/pdf-damage.ts';
import { layOut, type PdfOptions } from './formats/pdf-layout.ts';
import {
  ARTICLE,
  ARTICLE_WORDS,
  OPEN_DOCUMENT_TEXT,
  OPEN_DOCUMENT_WORDS,
  README,
  RTF,
  RTF_WORDS,
  SUBTITLE_WORDS,
  SUBTITLES,
  UMLAUTS,
  wrapped,
} from './formats/plain-files.ts';
import { scan, scannedImage } from './formats/scan.ts';
import { delimited, encryptedWorkbook, workbook } from './formats/sheets.ts';
import { malformedSlides, slides } from './formats/slides.ts';
import { wordFile } from './formats/word-files.ts';
import { saying, written, type Written } from './formats/written.ts';

const wardensReport = (maxPages: number) =>
  layOut(report('report', 2), {
    columns: (page) => (page % 10 < 5 ? 1 : 2),
    maxPages,
    bodySize: 12,
    runningHead: 'Report of the wardens',
  });

const paper = (writer: PdfOptions['writer'] = {}) =>
  layOut(articles('paper'), { columns: () => 2, bodySize: 11, writer });

/** Builders of documents, by file name. Each gives the same bytes on every call. */
export const CATALOGUE: Readonly<Record<string, () => Written | Promise<Written>>> = {
  'paper-2p.pdf': () => paper(),
  // Readers open the first of these without a password, but not the second.
  'copy-protected.pdf': () =>
    paper({ pdfVersion: '1.4', ownerPassword: 'oystercatcher', permissions: { copying: false } }),
  'password.pdf': () => paper({ pdfVersion: '1.4', userPassword: 'oystercatcher' }),
  'gazetteer-13p.pdf': () => layOut(among('sea', 5, 2), { columns: () => 2, maxPages: 13, bodySize: 10 }),
  'report-600p.pdf': () => wardensReport(600),
  'report-150p.pdf': () => wardensReport(150),
  'guide-76p-damaged.pdf': async () => {
    const { bytes, pages } = await layOut(among('land', 14, 2), {
      columns: () => 1,
      maxPages: 76,
      bodySize: 13,
    });
    return { bytes: withoutTable(bytes), pages };
  },
  'cut-off.pdf': async () => {
    const { bytes } = await paper();
    return { bytes: bytes.subarray(0, 1200), pages: [] };
  },
  'scan.pdf': scan,
  'scan.png': scannedImage,
  'emphasis.pdf': emphasisPdf,
  'korean.pdf': koreanPdf,
  'arabic.pdf': arabicPdf,
  'handbook.docx': async () => {
    const blocks = take(chapters('handbook'), 750_000);
    return written(await wordFile(blocks), blocks);
  },
  'table.docx': async () => {
    const rows = [
      ['Boat', 'Harbour', 'Cups'],
      ['Kittiwake', 'Hallin', '1'],
      ['Old Grey', 'Merrow', '13'],
    ];
    const blocks = [{ text: 'Who has won the regatta:' }, { rows }];
    return written(await wordFile(blocks), blocks);
  },
  'annual-report.html': () => {
    const blocks = take(report('annual', 8), 190_000);
    return written(reportPage('Annual report', blocks), blocks);
  },
  'almanac.epub': () => {
    const blocks = take(among('people', 30, 3), 340_000);
    return written(epub(parted(blocks, 40).map(plainHtml)), blocks);
  },
  'slides.pptx': slides,
  'slides-malformed.pptx': malformedSlides,
  'regatta.xlsx': workbook,
  'regatta.csv': delimited,
  'password.xlsx': encryptedWorkbook,
  'notes.odt': () => saying(openDocument('text', OPEN_DOCUMENT_TEXT), OPEN_DOCUMENT_WORDS),
  'letter.rtf': () => saying(RTF, RTF_WORDS),
  'mail-base64.eml': () => saying(BASE64_MAIL, MAIL),
  'mail-utf-16.eml': () => saying(UTF16_MAIL, MAIL),
  'mail-attachments.eml': () => saying(ATTACHMENTS_MAIL, ATTACHMENTS),
  'message.msg': () =>
    saying(
      outlookMessage({ subject: 'News of the Tide', body: 'The tide is out.' }),
      'News of the Tide The tide is out.',
    ),
  'winmail.dat': () => {
    const properties = new Map([
      [0x0037, 'News of the Tide'],
      [0x1000, 'The tide is out.'],
    ]);
    const attachments = [{ name: 'boats.csv', content: Buffer.from('Boat,Cups\nKittiwake,1\n') }];
    return saying(
      wrappedMail({ properties, attachments }),
      'News of the Tide The tide is out. Boat Cups Kittiwake 1',
    );
  },
  'letters.mbox': () => saying(MAILBOX, MAILBOX_WORDS),
  'report.doc': () =>
    saying(
      wordBinary('The mill is old.\rIt turns.\r', { notes: 'A note.\r' }),
      'The mill is old. It turns. A note.',
    ),
  'regatta.xls': () =>
    saying(
      excelBinary({
        Boats: [
          ['Boat', 'Cups'],
          ['Kittiwake', 1],
        ],
      }),
      'Boat Cups Kittiwake 1',
    ),
  'article.xml': () => saying(ARTICLE, ARTICLE_WORDS),
  'talk.vtt': () => saying(SUBTITLES, SUBTITLE_WORDS),
  'readme.md': () => saying(README, README),
  'umlauts-latin-1.md': () => saying(UMLAUTS, UMLAUTS.toString('latin1')),
  'book.txt': () => {
    const blocks = take(novel('book'), 3_100_000);
    return written(wrapped(blocks), blocks);
  },
  'empty.txt': () => saying('', ''),
};
