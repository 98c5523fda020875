import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError, unsupported } from '../../errors.ts';
import { commentText } from '../blocks/comment-text.ts';
import { runningLine } from '../blocks/page-number.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { escapeBlocks, oneLine, tableRows } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import { segments } from '../segments.ts';
import { checkCompoundFile } from './compound-file.ts';

/** Matches the library's error for a document of Word 2, 6 or 95. */
const TOO_OLD = /magic number: a5d[bc]/;
/** Borders of fields without a partner. */
// oxlint-disable-next-line no-control-regex
const FIELD_MARKS = /[\x13-\x15]/g;

/**
 * Loads the library with corrected filters. Its own write `undefined` for optional hyphens and for some characters of
 * Windows. It keeps the control character of a hyphen that ends no line.
 */
async function loadExtractor() {
  const { default: filters } = await import('word-extractor/lib/filters.js');
  const { clean } = filters;
  filters.clean = (text) =>
    clean(text.replaceAll('\x1e', '-').replaceAll('\x1f', '')).replace(FIELD_MARKS, '');
  filters.binaryToUnicode = (text) => new TextDecoder('windows-1252').decode(Buffer.from(text, 'latin1'));
  const { default: WordExtractor } = await import('word-extractor');
  return new WordExtractor();
}

let extractor: ReturnType<typeof loadExtractor> | undefined;

/**
 * Reads a document of Word up to 2003: headers, text, notes, text boxes, comments, footers. It has no headings, because
 * the library knows no styles.
 * @throws {ProcessorError} `corrupt`, `no_text`, or `unsupported_type` for a document older than Word 97
 */
export async function* parseDoc(file: DocumentFile): AsyncGenerator<ParseEvent> {
  yield* segments(normalize(await docText(await bytesOf(file))));
  yield { type: 'end', metadata: {} };
}

async function docText(bytes: Buffer): Promise<string> {
  try {
    checkCompoundFile(bytes);
    const document = await (await (extractor ??= loadExtractor())).extract(bytes);
    const options = { filterUnicode: false };
    const known = new Set<string>();
    return [
      runningHeads(document.getHeaders({ ...options, includeFooters: false }), known),
      ...[
        document.getBody(options),
        document.getFootnotes(options),
        document.getEndnotes(options),
        document.getTextboxes({ ...options, includeHeadersAndFooters: false }),
      ].map(markdownOf),
      comments(document.getAnnotations(options)),
      runningHeads(document.getFooters(options), known),
    ]
      .filter((part) => part !== '')
      .join('\n\n');
  } catch (error) {
    if (error instanceof Error && TOO_OLD.test(error.message))
      throw unsupported('a document of Word 95 or older. Save it as .docx');
    throw new ProcessorError('corrupt', { cause: error });
  }
}

/** Writes the lines of headers or footers that are not known yet. */
function runningHeads(text: string, known: Set<string>): string {
  const lines = text.split('\n').map(runningLine);
  const added = new Set(lines.filter((line) => line !== '' && !known.has(line)));
  for (const line of added) known.add(line);
  return escapeBlocks([...added].join('\n\n'));
}

/** Writes comments. The library does not tell who made them. */
function comments(text: string): string {
  const lines = text.split('\n').map(oneLine);
  return lines.flatMap((line) => (line === '' ? [] : [commentText('', line)])).join('\n\n');
}

/** Writes paragraphs apart. Lines of cells are rows of a table. */
function markdownOf(text: string): string {
  const blocks: string[] = [];
  let rows: string[][] = [];
  const endTable = () => {
    if (rows.length > 0) blocks.push([...tableRows(rows)].join('\n'));
    rows = [];
  };
  for (const line of text.split('\n')) {
    // Each cell ends in a tab, also the last one of its row.
    const cells = line.split('\t').slice(0, -1).map(oneLine);
    if (cells.length > 1 && line.endsWith('\t')) rows.push(cells);
    else {
      endTable();
      blocks.push(escapeBlocks(oneLine(line)));
    }
  }
  endTable();
  return blocks.filter((block) => block !== '').join('\n\n');
}
