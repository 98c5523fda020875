import type { ParseEvent } from '../../contract/processor.ts';
import { ProcessorError } from '../errors.ts';
import { parseCsv } from './text/csv.ts';
import { detectType, type DocumentSource } from './detect/detect-type.ts';
import type { DocumentType } from './detect/document-types.ts';
import { parseJson } from './text/json.ts';
import { parseMarkdown } from './text/markdown.ts';
import { parsePlainText } from './text/plain-text.ts';
import type { OfficeFormat } from './office/read-office.ts';

type Parser = (path: string, maxTextChars: number, maxSilenceMs: number) => AsyncGenerator<ParseEvent>;

const office = (format: OfficeFormat) => async (): Promise<Parser> => {
  const { parseOffice } = await import('./office/office.ts');
  return (path, maxTextChars) => parseOffice(path, maxTextChars, format);
};

/**
 * Parsers by type. Large libraries load with their first document, because at start they cost each child 0.4 s of CPU.
 */
const PARSERS: Readonly<Record<DocumentType, () => Parser | Promise<Parser>>> = {
  pdf: async () => {
    const { parsePdf } = await import('./pdf/pdf.ts');
    return (path, _, maxSilenceMs) => parsePdf(path, maxSilenceMs);
  },
  docx: office('docx'),
  pptx: office('pptx'),
  xlsx: office('xlsx'),
  odt: office('odt'),
  odp: office('odp'),
  ods: office('ods'),
  epub: office('epub'),
  rtf: office('rtf'),
  html: async () => (await import('./html/html.ts')).parseHtml,
  csv: () => parseCsv,
  mail: async () => (await import('./mail/mail.ts')).parseMail,
  json: () => parseJson,
  markdown: () => parseMarkdown,
  text: () => parsePlainText,
};

/** Cost of a segment beside its text and heading. */
const LABEL_CHARS = 64;
/** Longest silence of a replaceable reader, in ms. A working one moves on long before. */
const MAX_SILENCE_MS = 10_000;
const TOO_MANY_PARTS = 'The file has more headings than can be read.';

/**
 * Reads a document as a stream of events: `segment`s, whose joined texts are the document's text, `progress` for pages,
 * and `end` last. The text is well-formed Unicode with `\n` line ends and no NUL.
 * @param maxSilenceMs longest silence of a reader that another one can replace
 * @throws {ProcessorError} a document error, which no retry cures
 */
export async function* parseDocument(
  source: DocumentSource,
  maxTextChars: number,
  maxSilenceMs = MAX_SILENCE_MS,
): AsyncGenerator<ParseEvent> {
  const type = await detectType(source);
  const parse = await PARSERS[type]();
  let chars = 0;
  let labelChars = 0;
  for await (const event of parse(source.path, maxTextChars, maxSilenceMs)) {
    if (event.type === 'segment') {
      chars += event.text.length;
      labelChars += LABEL_CHARS + (event.heading?.length ?? 0);
    }
    if (chars > maxTextChars) throw new ProcessorError('text_too_long');
    if (labelChars > maxTextChars) throw new ProcessorError('text_too_long', { detail: TOO_MANY_PARTS });
    yield event;
  }
}
