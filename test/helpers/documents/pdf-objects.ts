import { constants, deflateRawSync, deflateSync } from 'node:zlib';

/** The objects of a PDF, by number; the first is the catalogue, the second the root of the pages. */
export type PdfObjects = readonly (string | Buffer)[];

/** A PDF of these objects, with a table of where they are. */
export function pdf(objects: PdfObjects): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let length = parts[0]!.length;
  const add = (part: Buffer) => {
    parts.push(part);
    length += part.length;
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(length);
    add(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]));
  }
  const start = length;
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  const size = objects.length + 1;
  add(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${entries.join('')}`));
  add(Buffer.from(`trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`));
  return Buffer.concat(parts);
}

/** A compressed stream. @param entries what its dictionary says beside */
export function pdfStream(content: Buffer | string, entries = ''): Buffer {
  return packedStream(deflateSync(content), entries);
}

const MIB = 1024 * 1024;
const ADLER = 65_521;

/** Makes a stream that unpacks to `mib` MiB of spaces. It repeats one packed MiB, which is far faster than packing all. */
export function spacesStream(mib: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(MIB, ' '), { finishFlush: constants.Z_FULL_FLUSH });
  const size = BigInt(mib * MIB);
  const low = (1n + 32n * size) % BigInt(ADLER);
  const high = (size + (32n * size * (size + 1n)) / 2n) % BigInt(ADLER);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(Number(high) * 65_536 + Number(low));
  const header = Buffer.of(0x78, 0x9c);
  const lastBlock = Buffer.of(0x03, 0x00);
  return packedStream(
    Buffer.concat([header, ...Array.from({ length: mib }, () => block), lastBlock, checksum]),
    '',
  );
}

function packedStream(packed: Buffer, entries: string): Buffer {
  const head = `<< /Length ${packed.length} /Filter /FlateDecode ${entries} >>\nstream\n`;
  return Buffer.concat([Buffer.from(head), packed, Buffer.from('\nendstream')]);
}

export const PDF_CATALOGUE = '<< /Type /Catalog /Pages 2 0 R >>';
export const PDF_FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';
/** A line of text, in the font that a page calls F. */
export const pdfText = (text: string) => `BT /F 12 Tf 72 700 Td (${text}) Tj ET\n`;

/**
 * Makes a PDF of one page.
 * @param content of the page's stream, or the whole stream
 * @param more `objects` from number 6 on; entries of the resources, the page and the catalogue
 */
export function onePagePdf(
  content: Buffer | string | { stream: Buffer },
  {
    objects = [],
    resources = '',
    page = '',
    catalogue = '',
  }: { objects?: PdfObjects; resources?: string; page?: string; catalogue?: string } = {},
): Buffer<ArrayBuffer> {
  return pdf([
    `<< /Type /Catalog /Pages 2 0 R ${catalogue} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> ${resources} >> ${page} >>`,
    typeof content === 'object' && 'stream' in content ? content.stream : pdfStream(content),
    PDF_FONT,
    ...objects,
  ]);
}

/** A PDF of one page with a form. @param fields what each says of itself, beside that it is at a place of the page */
export function pdfForm(content: Buffer | string, fields: readonly string[]): Buffer<ArrayBuffer> {
  const numbers = fields.map((_, index) => `${index + 6} 0 R`).join(' ');
  return onePagePdf(content, {
    objects: fields.map((field) => `<< /Type /Annot /Subtype /Widget ${field} >>`),
    page: `/Annots [${numbers}]`,
    catalogue: `/AcroForm << /Fields [${numbers}] >>`,
  });
}
