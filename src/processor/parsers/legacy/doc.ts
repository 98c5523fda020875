import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { escapeBlocks, oneLine, tableRows } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import { segments } from '../segments.ts';
import { checkCompoundFile } from './compound-file.ts';

/**
 * Reads a document of Word up to 2003: its text, footnotes, endnotes and text boxes. It has no headings, because the
 * library knows no styles.
 * @throws {ProcessorError} `corrupt`, or `no_text`
 */
export async function* parseDoc(file: DocumentFile): AsyncGenerator<ParseEvent> {
  yield* segments(normalize(await docText(await bytesOf(file))));
  yield { type: 'end', metadata: {} };
}

async function docText(bytes: Buffer): Promise<string> {
  try {
    checkCompoundFile(bytes);
    const { default: WordExtractor } = await import('word-extractor');
    const document = await new WordExtractor().extract(bytes);
    const options = { filterUnicode: false };
    const parts = [
      document.getBody(options),
      document.getFootnotes(options),
      document.getEndnotes(options),
      document.getTextboxes({ ...options, includeHeadersAndFooters: false }),
    ];
    return parts
      .map(markdownOf)
      .filter((part) => part !== '')
      .join('\n\n');
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
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
