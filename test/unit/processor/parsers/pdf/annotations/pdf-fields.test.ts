import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  fieldItems,
  type Box,
  type Widget,
} from '../../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { featuresOf } from '../../../../../../src/processor/parsers/pdf/annotations/pdf-features.ts';
import { parsePdf } from '../../../../../../src/processor/parsers/pdf/pdf.ts';
import {
  onePagePdf,
  pdf,
  PDF_FONT,
  pdfForm,
  pdfStream,
  pdfText,
} from '../../../../../helpers/documents/pdf-objects.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processor-pdf-fields-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'form.pdf');
  await writeFile(path, bytes);
  let text = '';
  for await (const event of parsePdf(path, 10_000)) if (event.type === 'segment') text += event.text;
  return text;
}

const text = (name: string, value: string, rect: string, more = '') =>
  `/FT /Tx /T (${name}) /V (${value}) /Rect [${rect}] ${more}`;
const box = (kind: string, value: string, rect: string, more = '') =>
  `/FT /Btn ${kind} /V /${value} /AS /${value} /Rect [${rect}] /AP << /N << /${value} 4 0 R >> >> ${more}`;

it('reads filled-in values from the top to the bottom and from left to right', async () => {
  const form = pdfForm(pdfText('Application'), [
    text('form[0].address.Town[1]', 'Lisbon', '300 500 400 520'),
    text('f3', String.raw`Rua A\r\n# 7\007[1m`, '72 502 200 522', '/TU (Street\n and number)'),
    text('Given name', 'Maria', '72 600 200 620'),
    box('/T (Married)', 'Yes', '72 450 80 458'),
    box('/T (Plan)', 'Annual', '72 430 80 438'),
    box('/T (Colour) /Ff 32768', 'Red', '72 400 80 408'),
    '/FT /Ch /Ff 131072 /T (Country) /V (pt) /Opt [[(es) (Spain)] [(pt) (Portugal)]] /Rect [72 350 200 370]',
    '/FT /Ch /Ff 2097152 /T (Days) /V [(Mon) (Fri)] /Opt [(Mon) (Tue) (Fri)] /Rect [72 300 200 340]',
  ]);
  expect(await read(form)).toBe(
    [
      'Application',
      '',
      '- Given name: Maria',
      '- Street and number: Rua A # 7 [1m',
      '- Town: Lisbon',
      '- Married: yes',
      '- Plan: Annual',
      '- Colour: Red',
      '- Country: Portugal',
      '- Days: Mon, Fri',
    ].join('\n'),
  );
});

it('reads no empty or hidden field, password or button', async () => {
  const at = '72 600 200 620';
  const form = pdfForm(pdfText('Application'), [
    text('Empty', '', at),
    text('Blank', ' ', at),
    text('Hidden', 'x', at, '/F 2'),
    text('No view', 'x', at, '/F 32'),
    text('Password', 'x', at, '/Ff 8192'),
    box('/T (Unticked)', 'Off', at),
    box('/T (Button) /Ff 65536', 'Yes', at),
    `/FT /Sig /T (Signature) /Rect [${at}]`,
  ]);
  expect(await read(form)).toBe('Application');
});

it('reads a value once if the text of the page shows it in its place', async () => {
  const shown = `${pdfText('Maria')}BT /F 12 Tf 72 650 Td (No. 1 of 1) Tj ET\n`;
  const form = pdfForm(shown, [
    text('Given name', 'Maria', '70 695 200 715'),
    // Elsewhere on the page, or as a part of other words, the text is another value.
    text('Family name', 'Maria', '70 500 200 520'),
    text('Number', '1', '70 645 200 665'),
    text('Entry', 'No. 1', '70 645 200 665'),
  ]);
  expect(await read(form)).toMatch(
    /^Maria\s+No\. 1 of 1\n\n- Number: 1\n- Entry: No\. 1\n- Family name: Maria$/,
  );
});

it('reads a value once if its field draws it', async () => {
  const drawn = pdfStream(
    'BT /F 12 Tf 2 4 Td (Maria) Tj ET',
    '/Type /XObject /Subtype /Form /BBox [0 0 130 20] /Resources << /Font << /F 5 0 R >> >>',
  );
  const form = onePagePdf(pdfText('Application'), {
    objects: [
      `<< /Subtype /Widget ${text('Name', 'Maria', '72 600 202 620', '/F 4 /AP << /N 7 0 R >>')} >>`,
      drawn,
    ],
    page: '/Annots [6 0 R]',
    catalogue: '/AcroForm << /Fields [6 0 R] >>',
  });
  expect(await read(form)).toBe('Application\n\nMaria');
});

it('reads the fields of pages that have no text, or that only the second reader can read', async () => {
  const fields = [text('Name', 'Maria', '72 600 200 620')];
  expect(await read(pdfForm('', fields))).toBe('- Name: Maria');
  const packed = brotliCompressSync(pdfText('Application'));
  const content = Buffer.concat([
    Buffer.from(`<< /Filter /BrotliDecode /Length ${packed.length} >>\nstream\n`),
    packed,
    Buffer.from('\nendstream'),
  ]);
  const form = pdf([
    '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> /Annots [6 0 R] >>',
    content,
    PDF_FONT,
    `<< /Subtype /Widget ${fields[0]} >>`,
  ]);
  expect(await read(form)).toBe('Application\n\n- Name: Maria');
});

it('reads a page without its form if the form is broken', async () => {
  const page = '/Annots [6 0 R]';
  const cyclic = ['<< /Subtype /Widget /FT /Tx /T (a) /Parent 6 0 R /Kids [6 0 R] /Rect [0 0 9 9] >>'];
  for (const form of ['<< /Fields [6 0 R] >>', '<< /Fields 6 0 R >>', '99 0 R', '/None']) {
    const bytes = onePagePdf(pdfText('words'), { objects: cyclic, page, catalogue: `/AcroForm ${form}` });
    expect(await read(bytes)).toBe('words');
  }
});

it('finds a value in one piece with its label, and not a value that the text lacks', () => {
  const widget = (fieldValue: string): Widget => {
    return { subtype: 'Widget', rect: [], annotationFlags: 0, fieldType: 'Tx', fieldName: 'f', fieldValue };
  };
  const piece = { text: 'No. 7: Maria', box: [0, 0, 72, 12] as const };
  const items = (value: string, left: number, pageText = piece.text) =>
    fieldItems([widget(value)], () => [left, 0, 200, 12], pageText, [piece]);
  expect(items('Maria', 40)).toBe('');
  expect(items('Maria', 40, 'No. 7:')).toBe('- f: Maria');
  expect(items('ia', 40)).toBe('- f: ia');
  expect(items('7', 40)).toBe('- f: 7');
  // It only touches the field.
  expect(items('Maria', 70)).toBe('- f: Maria');
  expect(items('a', 70)).toBe('- f: a');
});

it('stops comparing with the text above a limit', () => {
  const place: Box = [0, 0, 9, 9];
  const widget: Widget = {
    subtype: 'Widget',
    rect: [],
    annotationFlags: 0,
    fieldType: 'Tx',
    fieldValue: 'x',
  };
  const items = (fields: number, pieces: number) =>
    fieldItems(
      Array.from({ length: fields }, () => widget),
      () => place,
      'x',
      Array.from({ length: pieces }, () => ({ text: 'x', box: place })),
    );
  expect(items(10, 100)).toBe('');
  expect(items(10_000, 2000).split('\n')).toHaveLength(10_000);
});

it('reads a value once whose lines the page joins with those of the field beside it', () => {
  const widget: Widget = {
    subtype: 'Widget',
    rect: [],
    annotationFlags: 0,
    fieldType: 'Tx',
    fieldValue: 'Ada lives\nin the old mill',
  };
  const shown = ['Ada lives', 'in the old mill'].map((text, row) => ({
    text,
    box: [0, row * 12, 90, row * 12 + 10] as const,
  }));
  const items = (page: string) => fieldItems([widget], () => [0, 0, 100, 30], page, shown);
  expect(items('Ada lives Corn and barley in the old mill are ground')).toBe('');
  expect(items('Ada lives Corn and barley are ground')).toBe('- Ada lives in the old mill');
});

it('knows from the bytes of a document whether it may have fields', () => {
  const widget = '<< /Subtype /Widget >>';
  const packed = (objects: string) => onePagePdf('', { objects: [pdfStream(objects, '/Type /ObjStm')] });
  const mayHaveAnnotations = (file: Buffer) => featuresOf(file).mayHaveAnnotations;
  expect(mayHaveAnnotations(onePagePdf('', { objects: [widget] }))).toBe(true);
  expect(mayHaveAnnotations(packed(widget))).toBe(true);
  expect(mayHaveAnnotations(onePagePdf(''))).toBe(false);
  expect(mayHaveAnnotations(packed('<< /Subtype /Link >>'))).toBe(false);
  // An object stream that cannot be unpacked may hold some.
  expect(mayHaveAnnotations(onePagePdf('', { objects: ['<< /Type /ObjStm >>\nstream\n?'] }))).toBe(true);
  // No form has so many, and objects do not unpack to so much.
  expect(mayHaveAnnotations(packed(widget.repeat(10_001)))).toBe(false);
  expect(mayHaveAnnotations(packed(widget + ' '.repeat(65 * 1024 * 1024)))).toBe(false);
});

it('reads text that people typed onto a page, from the top to the bottom', async () => {
  const typed = (contents: string, bottom: number, flags = 4) =>
    `<< /Type /Annot /Subtype /FreeText /Rect [100 ${bottom} 300 ${bottom + 20}] /Contents (${contents}) /F ${flags} >>`;
  const objects = [
    typed('The second remark.', 300),
    typed(String.raw`The first remark,\rin two lines.`, 500),
    typed('A hidden remark.', 400, 2),
    typed('A page of text.', 200),
    '<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (A note at the margin.) >>',
  ];
  const annots = objects.map((_, index) => `${index + 6} 0 R`).join(' ');
  const bytes = onePagePdf(pdfText('A page of text.'), { objects, page: `/Annots [${annots}]` });
  expect(await read(bytes)).toBe('A page of text.\n\nThe first remark,\nin two lines.\n\nThe second remark.');
});
