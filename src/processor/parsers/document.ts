import type { ParseEvent } from '../../contract/services/processor.ts';
import { ProcessorError } from '../errors.ts';
import type { Block } from './blocks/block.ts';
import { blockEvents, type BlockReader } from './blocks/block-events.ts';
import type { Reading } from './blocks/reading.ts';
import { readCsv } from './text/csv.ts';
import { bytesOf, type DocumentFile } from './document-file.ts';
import { readTextFile } from './detect/decode-text.ts';
import { detectType, type DocumentSource } from './detect/detect-type.ts';
import { DOCUMENT_TYPES, type DocumentType } from './detect/document-types.ts';
import type { MailType } from './mail/containers.ts';
import { jsonSegments } from './text/json.ts';
import { withoutHtml } from './text/markdown-html.ts';
import { subtitleSegments } from './text/subtitles.ts';
import { withMarkdownHeadings, type MarkedText } from './text/text-headings.ts';
import { titleLine } from './text/title-line.ts';
import { readXmlText } from './text/xml.ts';
import { Recognition } from './ocr/recognition.ts';
import { segments, type SegmentEvent } from './segments.ts';

/** Limits and settings of a parse. */
interface ParseOptions {
  maxTextChars: number;
  /** Longest silence of a reader that another one can replace, in ms. */
  maxSilenceMs?: number;
  /** Whether to read what the document hides. */
  includeHidden?: boolean | undefined;
  /** Texts that OCR has read; by default none. */
  recognition?: Recognition;
}

type Parser = (file: DocumentFile, options: Settings) => AsyncGenerator<ParseEvent>;
type TextBlockReader = (text: string, reading: Reading) => Iterable<Block>;
type Settings = { [Name in keyof ParseOptions]-?: Exclude<ParseOptions[Name], undefined> };

const ofText = (read: (text: string) => Iterable<SegmentEvent>): Parser =>
  async function* parseText(file, { maxTextChars }) {
    const { text, encoding } = await readTextFile(file, maxTextChars);
    yield* read(text);
    yield { type: 'end', metadata: { encoding } };
  };

const ofMarkedText = (type: MarkedText): Parser =>
  ofText((text) => segments(withMarkdownHeadings(type, text)));

/** Makes a parser of a reader of blocks. */
const blocks = (load: () => Promise<BlockReader>) => async (): Promise<Parser> => {
  const read = await load();
  return async function* parseBlocks(file, options) {
    const bytes = await bytesOf(file);
    yield* blockEvents((reading) => read(bytes, reading), options);
  };
};

/** Makes a parser of a reader of text as blocks. */
const textBlocks =
  (load: () => TextBlockReader | Promise<TextBlockReader>): (() => Promise<Parser>) =>
  async () => {
    const read = await load();
    return async function* parseTextBlocks(file, options) {
      const { text, encoding } = await readTextFile(file, options.maxTextChars);
      yield* blockEvents((reading) => read(text, reading), options, { encoding });
    };
  };

const mail = (type: MailType) => async (): Promise<Parser> => {
  const { parseMail } = await import('./mail/mail.ts');
  return (file, { maxTextChars, recognition, ...settings }) => {
    const read = (source: DocumentSource, mostChars: number, place: string) =>
      parseDocument(source, { ...settings, maxTextChars: mostChars, recognition: recognition.within(place) });
    return parseMail(file, { maxTextChars, includeHidden: settings.includeHidden }, read, type);
  };
};

const image = async (): Promise<Parser> => {
  const { parseImage } = await import('./image/image.ts');
  return (file, { recognition }) => parseImage(file, recognition);
};

/**
 * Parsers by type. Large libraries load with their first document, because at start they cost each child 0.4 s of CPU.
 */
const PARSERS: Readonly<Record<DocumentType, () => Parser | Promise<Parser>>> = {
  pdf: async () => {
    const { parsePdf } = await import('./pdf/pdf.ts');
    return (file, { maxSilenceMs, recognition }) => parsePdf(file, maxSilenceMs, recognition);
  },
  png: image,
  jpeg: image,
  tiff: image,
  webp: image,
  docx: blocks(async () => (await import('./ooxml/word/word.ts')).readWord),
  pptx: blocks(async () => (await import('./ooxml/slides/presentation.ts')).readPresentation),
  xlsx: blocks(async () => (await import('./ooxml/sheets/workbook.ts')).readWorkbook),
  odt: blocks(async () => (await import('./odf/odf.ts')).readOdt),
  odp: blocks(async () => (await import('./odf/odf.ts')).readOdp),
  ods: blocks(async () => (await import('./odf/odf.ts')).readOds),
  epub: blocks(async () => (await import('./epub/epub.ts')).readEpub),
  rtf: blocks(async () => (await import('./rtf/rtf.ts')).readRtf),
  html: textBlocks(async () => (await import('./html/html.ts')).readHtml),
  csv: textBlocks(() => readCsv),
  mail: mail('mail'),
  mbox: mail('mbox'),
  msg: mail('msg'),
  tnef: mail('tnef'),
  doc: async () => (await import('./legacy/doc.ts')).parseDoc,
  xls: blocks(async () => (await import('./legacy/xls.ts')).readXls),
  json: () => ofText(jsonSegments),
  markdown: () => ofText((text) => segments(withoutHtml(text), { underlined: true })),
  xml: textBlocks(() => readXmlText),
  asciidoc: () => ofMarkedText('asciidoc'),
  org: () => ofMarkedText('org'),
  rst: () => ofMarkedText('rst'),
  latex: () => ofMarkedText('latex'),
  srt: () => ofText(subtitleSegments),
  vtt: () => ofText(subtitleSegments),
  text: () => ofText((text) => [{ type: 'segment', text, heading: titleLine(text) }]),
};

/** Cost of a segment beside its text and labels, in characters. */
const LABEL_CHARS = 64;
/** Longest silence of a replaceable reader, in ms. A working one moves on long before. */
const MAX_SILENCE_MS = 10_000;
const TOO_MANY_PARTS = 'The file has too many headings and tables to read. Upload it in smaller parts.';

/**
 * Reads a document as a stream of events: `segment`s, whose joined texts are the document's text, `progress` for pages,
 * and `end` last. The text is well-formed Unicode with `\n` line ends and no NUL.
 * @throws {ProcessorError} a document error, which no retry cures
 */
export async function* parseDocument(
  source: DocumentSource,
  options: ParseOptions,
): AsyncGenerator<ParseEvent> {
  const { maxTextChars, maxSilenceMs = MAX_SILENCE_MS, includeHidden = false } = options;
  const { recognition = new Recognition(new Map()) } = options;
  const type = await detectType(source);
  const parse = await PARSERS[type]();
  let chars = 0;
  let labelChars = 0;
  const parsed = parse(source.path, { maxTextChars, maxSilenceMs, includeHidden, recognition });
  for await (const event of parsed) {
    if (event.type === 'segment') {
      chars += event.text.length;
      labelChars += LABEL_CHARS + (event.heading?.length ?? 0) + (event.context?.length ?? 0);
    }
    if (chars > maxTextChars) throw new ProcessorError('text_too_long');
    if (labelChars > maxTextChars) throw new ProcessorError('text_too_long', { detail: TOO_MANY_PARTS });
    if (event.type === 'end' && chars === 0) throw new ProcessorError('no_text');
    if (event.type !== 'end') yield event;
    else yield { ...event, metadata: { media_type: DOCUMENT_TYPES[type].mediaType, ...event.metadata } };
  }
}
