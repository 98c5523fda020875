import { strToU8, zipSync, type Zippable } from 'fflate';

/**
 * Small but real Office files. Texts of the parts are XML; what is repeated in all files of a format is added here.
 */

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const DRAWINGS = 'http://schemas.openxmlformats.org/drawingml/2006';
/** Vocabularies that a part of a Word document declares at its root. */
export const WORD =
  `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="${RELATIONS}" ` +
  'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" ' +
  'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" ' +
  `xmlns:v="urn:schemas-microsoft-com:vml" xmlns:a="${DRAWINGS}/main" xmlns:c="${DRAWINGS}/chart" ` +
  `xmlns:dgm="${DRAWINGS}/diagram" xmlns:wp="${DRAWINGS}/wordprocessingDrawing"`;
const SLIDES =
  `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="${RELATIONS}" ` +
  'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"';
const SHEETS = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${RELATIONS}"`;
/** Declarations of the vocabularies of OpenDocument files. */
export const OPEN_DOCUMENT =
  ['office', 'text', 'table', 'drawing', 'presentation', 'style', 'chart']
    .map(
      (name) =>
        `xmlns:${name === 'drawing' ? 'draw' : name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`,
    )
    .join(' ') +
  ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"' +
  ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:math="http://www.w3.org/1998/Math/MathML"';

export type Parts = Readonly<Record<string, string | Uint8Array>>;

/** Date of every member, because an archive's bytes must not depend on the day. ZIP knows no time zone. */
const WRITTEN = '2026-02-03T04:05:06';

/** A ZIP archive of texts and bytes; `mimetype` comes as it is, as its formats want. */
export function zip(parts: Parts): Buffer<ArrayBuffer> {
  const files: Zippable = {};
  for (const [name, content] of Object.entries(parts)) {
    const bytes = typeof content === 'string' ? strToU8(content) : content;
    files[name] = [bytes, { level: name === 'mimetype' ? 0 : 1 }];
  }
  return Buffer.from(zipSync(files, { mtime: WRITTEN }));
}

function openXml(mainPart: string, contentType: string, parts: Parts): Buffer<ArrayBuffer> {
  const type = `application/vnd.openxmlformats-officedocument.${contentType}.main+xml`;
  return zip({
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Override PartName="/${mainPart}" ContentType="${type}"/></Types>`,
    ...parts,
  });
}

export function relationships(targets: readonly (readonly [kind: string, target: string])[]): string {
  const entries = targets.map(
    ([kind, target], index) =>
      `<Relationship Id="r${index + 1}" Type="${RELATIONS}/${kind}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${PACKAGE}/relationships">${entries.join('')}</Relationships>`;
}

/** A paragraph of Word's, of a style if one is given. */
export const wordParagraph = (text: string, properties = '') =>
  `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;
export const wordHeading = (level: number, text: string) =>
  wordParagraph(text, `<w:pStyle w:val="Heading${level}"/>`);
export const wordItem = (level: number, text: string) =>
  wordParagraph(text, `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="1"/></w:numPr>`);
export const wordTable = (rows: readonly (readonly string[])[]) => {
  const cell = (text: string) => `<w:tc>${wordParagraph(text)}</w:tc>`;
  return `<w:tbl>${rows.map((row) => `<w:tr>${row.map(cell).join('')}</w:tr>`).join('')}</w:tbl>`;
};

/** @param doctype what precedes the document's root element */
export function docx(
  body: string,
  { doctype = '', parts = {} }: { doctype?: string; parts?: Parts } = {},
): Buffer<ArrayBuffer> {
  const style = (level: number) =>
    `<w:style w:type="paragraph" w:styleId="Heading${level}"><w:name w:val="heading ${level}"/></w:style>`;
  const level = (format: string, index: number) =>
    `<w:lvl w:ilvl="${index}"><w:numFmt w:val="${format}"/></w:lvl>`;
  return openXml('word/document.xml', 'wordprocessingml.document', {
    'word/document.xml': `<?xml version="1.0"?>${doctype}<w:document ${WORD}><w:body>${body}</w:body></w:document>`,
    'word/styles.xml': `<w:styles ${WORD}>${[1, 2, 3].map(style).join('')}</w:styles>`,
    'word/numbering.xml': `<w:numbering ${WORD}><w:abstractNum w:abstractNumId="0">${['decimal', 'bullet'].map(level).join('')}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
    ...parts,
  });
}

/** Slides in their order, each with a title (or none), a text and notes (or none). */
export function pptx(
  slides: readonly { title?: string; text: string; notes?: string }[],
): Buffer<ArrayBuffer> {
  const shape = (text: string, kind?: string) =>
    `<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr>${kind ? `<p:ph type="${kind}"/>` : ''}</p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sp>`;
  const tree = (shapes: string) => `<p:cSld><p:spTree>${shapes}</p:spTree></p:cSld>`;
  const parts: Record<string, string> = {};
  // The order of slides is not that of their files' names.
  const file = (index: number) => slides.length - index;
  for (const [index, { title, text, notes }] of slides.entries()) {
    const name = `slide${file(index)}.xml`;
    parts[`ppt/slides/${name}`] =
      `<p:sld ${SLIDES}>${tree((title ? shape(title, 'title') : '') + shape(text))}</p:sld>`;
    if (notes === undefined) continue;
    parts[`ppt/slides/_rels/${name}.rels`] = relationships([['notesSlide', `../notesSlides/${name}`]]);
    parts[`ppt/notesSlides/${name}`] = `<p:notes ${SLIDES}>${tree(shape(notes, 'body'))}</p:notes>`;
  }
  const ids = slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="r${index + 1}"/>`).join('');
  return openXml('ppt/presentation.xml', 'presentationml.presentation', {
    'ppt/presentation.xml': `<p:presentation ${SLIDES}><p:sldIdLst>${ids}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relationships(
      slides.map((_, index) => ['slide', `slides/slide${file(index)}.xml`]),
    ),
    ...parts,
  });
}

/** A cell with a text, at a place like `B2`. */
export const textCell = (place: string, text: string) =>
  `<c r="${place}" t="inlineStr"><is><t>${text}</t></is></c>`;
export const numberCell = (place: string, value: number) => `<c r="${place}"><v>${value}</v></c>`;

/** @param sheets their `<row>` elements, by name */
export function xlsx(
  sheets: Readonly<Record<string, string>>,
  dimension = 'A1',
  otherParts: Parts = {},
): Buffer<ArrayBuffer> {
  const names = Object.keys(sheets);
  const parts: Record<string, string | Uint8Array> = { ...otherParts };
  for (const [index, rows] of Object.values(sheets).entries()) {
    parts[`xl/worksheets/sheet${index + 1}.xml`] =
      `<worksheet ${SHEETS}><dimension ref="${dimension}"/><sheetData>${rows}</sheetData></worksheet>`;
  }
  const entries = names.map(
    (name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="r${index + 1}"/>`,
  );
  return openXml('xl/workbook.xml', 'spreadsheetml.sheet', {
    'xl/workbook.xml': `<workbook ${SHEETS}><sheets>${entries.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relationships(
      names.map((_, index) => ['worksheet', `worksheets/sheet${index + 1}.xml`]),
    ),
    ...parts,
  });
}

/**
 * An OpenDocument file.
 * @param kind `text`, `spreadsheet` or `presentation`
 * @param styles those of the content; others go into a part
 */
export function openDocument(
  kind: string,
  body: string,
  { styles = '', parts = {} }: { styles?: string; parts?: Parts } = {},
): Buffer<ArrayBuffer> {
  return zip({
    mimetype: `application/vnd.oasis.opendocument.${kind}`,
    'content.xml': `<?xml version="1.0"?><office:document-content ${OPEN_DOCUMENT}><office:automatic-styles>${styles}</office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
    ...parts,
  });
}

/** A book of chapters, each the body of an XHTML page. */
export function epub(chapters: readonly string[]): Buffer<ArrayBuffer> {
  const parts: Record<string, string> = {};
  for (const [index, body] of chapters.entries()) {
    parts[`OEBPS/c${index}.xhtml`] =
      `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>${body}</body></html>`;
  }
  const items = chapters.map(
    (_, index) => `<item id="i${index}" href="c${index}.xhtml" media-type="application/xhtml+xml"/>`,
  );
  const order = chapters.map((_, index) => `<itemref idref="i${index}"/>`);
  return zip({
    mimetype: 'application/epub+zip',
    'META-INF/container.xml':
      '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    'OEBPS/book.opf': `<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>${items.join('')}</manifest><spine>${order.join('')}</spine></package>`,
    ...parts,
  });
}
