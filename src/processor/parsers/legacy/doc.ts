import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError, unsupported } from '../../errors.ts';
import { commentText } from '../blocks/comment-text.ts';
import { runningLine } from '../blocks/page-number.ts';
import { Reading, type Limits } from '../blocks/reading.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { escapeBlocks, heading, oneLine, tableRows } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import { segments } from '../segments.ts';
import { checkCompoundFile } from './compound-file.ts';
import { CELL_LINE, HEADING_END, readStories } from './word-stories.ts';

/** Matches the library's error for a document of Word 2, 6 or 95. */
const TOO_OLD = /magic number: a5d[bc]/;
/** Deepest level of Word's headings. */
const MAX_LEVEL = 9;
/** Matches the characters that end headings. */
const HEADING_ENDS = /[\ufdd0-\ufdd9]/g;

/**
 * Reads a document of Word up to 2003: headers, text, notes, text boxes, comments, footers.
 * @throws {ProcessorError} `corrupt`, `no_text`, or `unsupported_type` for a document older than Word 97
 */
export async function* parseDoc(file: DocumentFile, limits: Limits): AsyncGenerator<ParseEvent> {
  const reading = new Reading(limits.maxTextChars, limits.includeHidden);
  yield* segments(normalize(await docText(await bytesOf(file), reading)));
  const { hiddenLeftOut } = reading;
  yield { type: 'end', metadata: hiddenLeftOut > 0 ? { hidden_left_out: hiddenLeftOut } : {} };
}

async function docText(bytes: Buffer, reading: Reading): Promise<string> {
  try {
    checkCompoundFile(bytes);
    const document = await readStories(bytes, reading);
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

/** Splits text into paragraphs. A heading keeps the character that ends it. */
function paragraphs(text: string): string[] {
  return text.replace(HEADING_ENDS, '$&\n').split('\n');
}

function words(paragraph: string): string {
  return oneLine(paragraph.replace(HEADING_ENDS, ''));
}

/** Writes the lines of headers or footers that are not in `known`, and adds them to it. */
function runningHeads(text: string, known: Set<string>): string {
  const lines = paragraphs(text).map((line) => runningLine(line.replace(HEADING_ENDS, '')));
  const added = new Set(lines.filter((line) => line !== '' && !known.has(line)));
  for (const line of added) known.add(line);
  return escapeBlocks([...added].join('\n\n'));
}

/** Writes comments, without their authors, because the library does not name them. */
function comments(text: string): string {
  const lines = paragraphs(text).map(words);
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
  for (const line of paragraphs(text)) {
    // Each cell ends in a tab, also the last one of its row.
    const cells = line.split('\t').slice(0, -1).map(oneLine);
    if (cells.length > 1 && line.endsWith('\t')) rows.push(cells);
    else {
      endTable();
      const level = (line.codePointAt(line.length - 1) ?? 0) - HEADING_END;
      const isHeading = level > 0 && level <= MAX_LEVEL;
      if (isHeading) blocks.push(heading(level, words(line)));
      else for (const part of line.split(CELL_LINE)) blocks.push(escapeBlocks(words(part)));
    }
  }
  endTable();
  return blocks.filter((block) => block !== '').join('\n\n');
}
