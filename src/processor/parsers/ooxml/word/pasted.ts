import { ProcessorError } from '../../../errors.ts';
import type { Block } from '../../blocks/block.ts';
import type { Reading } from '../../blocks/reading.ts';
import { decoded } from '../../detect/decode-text.ts';
import { readHtml } from '../../html/html.ts';
import { readRtf } from '../../rtf/rtf.ts';
import { pageIn } from './pasted-message.ts';

/**
 * Reads a part that was pasted as a whole: a page, plain text, RTF, or a Word document.
 * @param path tells its type
 */
export function pastedBlocks(
  path: string,
  bytes: Buffer,
  reading: Reading,
  readDocument: (bytes: Buffer) => Iterable<Block>,
): Iterable<Block> {
  switch (path.slice(path.lastIndexOf('.') + 1).toLowerCase()) {
    case 'docx':
      return wholeOrNone(() => readDocument(bytes));
    case 'rtf':
      return wholeOrNone(() => readRtf(bytes, reading));
    case 'txt':
      return decoded(bytes)
        .split(/\r\n?|\n/)
        .map((line) => ({ type: 'paragraph', text: line }));
    case 'mht':
    case 'mhtml':
      return readHtml(pageIn(bytes), reading);
    default:
      return readHtml(decoded(bytes), reading);
  }
}

/** Returns no blocks of a damaged document. The one around it has words of its own. */
function wholeOrNone(read: () => Iterable<Block>): Block[] {
  try {
    return [...read()];
  } catch (error) {
    if (error instanceof ProcessorError && error.code === 'text_too_long') throw error;
    return [];
  }
}
