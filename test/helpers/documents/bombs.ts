import { docx, wordParagraph } from './office-files.ts';
import { onePagePdf, pdf, PDF_CATALOGUE, PDF_FONT, pdfStream, pdfText } from './pdf-objects.ts';

/**
 * Each form draws the next ten times: 10^11 drawings of `leaf` in a few hundred bytes.
 * @param before what the page draws first
 */
export function laughingPdf(leaf: string, before = ''): Buffer<ArrayBuffer> {
  const forms = Array.from({ length: 12 }, (_, index) =>
    pdfStream(
      index === 11 ? leaf : '/X Do\n'.repeat(10),
      `/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F 5 0 R >> /XObject << /X ${index + 7} 0 R >> >>`,
    ),
  );
  return onePagePdf(`${before}/X Do\n`, { objects: forms, resources: '/XObject << /X 6 0 R >>' });
}

const PAGE =
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>';

/** A PDF with one page, and a root that says what pages there are. @param kids object 3 is the page, 2 the root */
export function pdfOfPages(kids: string, count: number): Buffer<ArrayBuffer> {
  const root = `<< /Type /Pages /Kids [${kids}] /Count ${count} >>`;
  return pdf([PDF_CATALOGUE, root, PAGE, pdfStream(pdfText('words')), PDF_FONT]);
}

/** A Word document whose one word is an entity of ten others, and so on: 10^9 times `lol`. */
export function laughingDocx(): Buffer<ArrayBuffer> {
  const laughs = ['<!ENTITY l0 "lol">'];
  for (let index = 1; index < 10; index++) {
    laughs.push(`<!ENTITY l${index} "${`&l${index - 1};`.repeat(10)}">`);
  }
  return docx(wordParagraph('&l9;'), { doctype: `<!DOCTYPE x [${laughs.join('')}]>` });
}
