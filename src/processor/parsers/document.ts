import type { ParseEvent } from '../../contract/services/processor.ts';
import { ProcessorError } from '../errors.ts';
import { csvTable } from './text/csv.ts';
import type { DocumentFile } from './document-file.ts';
import { readTextFile } from './detect/decode-text.ts';
import { detectType, type DocumentSource } from './detect/detect-type.ts';
import { DOCUMENT_TYPES, type DocumentType } from './detect/document-types.ts';
import { jsonSegments } from './text/json.ts';
import { withoutHtml } from './text/markdown-html.ts';
import { subtitleSegments } from './text/subtitles.ts';
import { titleLine } from './text/title-line.ts';
import { xmlSegments } from './text/xml.ts';
import type { OfficeFormat } from './office/read-office.ts';
import { Recognition } from './ocr/recognition.ts';
import { segments, type SegmentEvent } from './segments.ts';

type Parser = (
  file: DocumentFile,
  maxTextChars: number,
  maxSilenceMs: number,
  recognition: Recognition,
) => AsyncGenerator<ParseEvent>;
type TextReader = (
  text: string,
  maxTextChars: number,
) => Iterable<SegmentEvent> | AsyncIterable<SegmentEvent>;

const ofText = (read: TextReader): Parser =>
  async function* parseText(file, maxTextChars) {
    const { text, encoding } = await readTextFile(file, maxTextChars);
    yield* read(text, maxTextChars);
    yield { type: 'end', metadata: { encoding } };
  };

const office = (format: OfficeFormat) => async (): Promise<Parser> => {
  const { parseOffice } = await import('./office/office.ts');
  return (file, maxTextChars) => parseOffice(file, maxTextChars, format);
};

const mail = (type: 'mail' | 'msg') => async (): Promise<Parser> => {
  const { parseMail } = await import('./mail/mail.ts');
  return (file, maxTextChars, maxSilenceMs) => {
    const read = (source: DocumentSource, mostChars: number) =>
      parseDocument(source, mostChars, maxSilenceMs);
    return parseMail(file, maxTextChars, read, type);
  };
};

const image = async (): Promise<Parser> => {
  const { parseImage } = await import('./image/image.ts');
  return (file, _, __, recognition) => parseImage(file, recognition);
};

/**
 * Parsers by type. Large libraries load with their first document, because at start they cost each child 0.4 s of CPU.
 */
const PARSERS: Readonly<Record<DocumentType, () => Parser | Promise<Parser>>> = {
  pdf: async () => {
    const { parsePdf } = await import('./pdf/pdf.ts');
    return (file, _, maxSilenceMs, recognition) => parsePdf(file, maxSilenceMs, recognition);
  },
  png: image,
  jpeg: image,
  tiff: image,
  webp: image,
  docx: office('docx'),
  pptx: office('pptx'),
  xlsx: office('xlsx'),
  odt: office('odt'),
  odp: office('odp'),
  ods: office('ods'),
  epub: office('epub'),
  rtf: office('rtf'),
  html: async () => {
    const { htmlToMarkdown } = await import('./html/html.ts');
    return ofText(async function* htmlSegments(html, maxTextChars) {
      yield* segments(await htmlToMarkdown(html, maxTextChars));
    });
  },
  csv: () => ofText((text) => [{ type: 'segment', text: csvTable(text) }]),
  mail: mail('mail'),
  msg: mail('msg'),
  doc: async () => (await import('./legacy/doc.ts')).parseDoc,
  xls: async () => (await import('./legacy/xls.ts')).parseXls,
  json: () => ofText(jsonSegments),
  markdown: () => ofText((text) => segments(withoutHtml(text), { underlined: true })),
  xml: () => ofText(xmlSegments),
  srt: () => ofText(subtitleSegments),
  vtt: () => ofText(subtitleSegments),
  text: () => ofText((text) => [{ type: 'segment', text, heading: titleLine(text) }]),
};

/** Cost of a segment beside its text and heading. */
const LABEL_CHARS = 64;
/** Longest silence of a replaceable reader, in ms. A working one moves on long before. */
const MAX_SILENCE_MS = 10_000;
const TOO_MANY_PARTS = 'The file has too many headings to read. Upload it in smaller parts.';

/**
 * Reads a document as a stream of events: `segment`s, whose joined texts are the document's text, `progress` for pages,
 * and `end` last. The text is well-formed Unicode with `\n` line ends and no NUL.
 * @param maxSilenceMs longest silence of a reader that another one can replace
 * @param recognition what OCR has read; by default nothing
 * @throws {ProcessorError} a document error, which no retry cures
 */
export async function* parseDocument(
  source: DocumentSource,
  maxTextChars: number,
  maxSilenceMs = MAX_SILENCE_MS,
  recognition = new Recognition(new Map()),
): AsyncGenerator<ParseEvent> {
  const type = await detectType(source);
  const parse = await PARSERS[type]();
  let chars = 0;
  let labelChars = 0;
  for await (const event of parse(source.path, maxTextChars, maxSilenceMs, recognition)) {
    if (event.type === 'segment') {
      chars += event.text.length;
      labelChars += LABEL_CHARS + (event.heading?.length ?? 0);
    }
    if (chars > maxTextChars) throw new ProcessorError('text_too_long');
    if (labelChars > maxTextChars) throw new ProcessorError('text_too_long', { detail: TOO_MANY_PARTS });
    if (event.type === 'end' && chars === 0) throw new ProcessorError('no_text');
    if (event.type !== 'end') yield event;
    else yield { ...event, metadata: { media_type: DOCUMENT_TYPES[type].mediaType, ...event.metadata } };
  }
}
