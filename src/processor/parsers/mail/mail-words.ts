import { ProcessorError } from '../../errors.ts';
import { Reading, type Limits } from '../blocks/reading.ts';
import { toMarkdown } from '../blocks/write-blocks.ts';
import { readHtml } from '../html/html.ts';
import { escapeBlocks } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import type { MailContent } from './mail-content.ts';
import { readPackedRtf } from './rich-text.ts';

/** Largest share of the HTML's words that the plain text may lack. */
const MAX_LACK = 0.3;
/** Largest share of the plain text's words that the HTML may lack to be taken, unless the plain text is a notice. */
const MAX_LOSS = 0.5;
/** Longest notice, in words, such as "This message needs a viewer for HTML". */
const NOTICE_WORDS = 30;
/** Least rows of a table that the plain text may lack. */
const MIN_ROWS = 2;

const WORD = /[\p{L}\p{N}]+/gu;
const ADDRESS = /\bhttps?:\S+/g;
const ROW = /^\|(?! --- )(.*)\|$/gm;

/** The words of a mail, and the number of hidden parts that they lack. */
interface MailWords {
  words: string;
  hiddenLeftOut: number;
  /** Whether the only words are packed, and damaged. */
  isDamaged?: boolean;
}

/**
 * Reads the words of a mail: the plain text, or the HTML or RTF if that is richer. It is richer if the plain text lacks
 * many of its words, or the rows of its tables.
 * @throws {ProcessorError} `text_too_long` or `corrupt`, if there is no plain text
 */
export function mailWords(
  { text = '', html = '', packedRtf }: MailContent,
  { maxTextChars, includeHidden }: Limits,
): MailWords {
  const plain = { words: escapeBlocks(normalize(text)).trim(), hiddenLeftOut: 0 };
  const packed = html.trim() === '' && packedRtf?.length ? packedRtf : undefined;
  if (html.trim() === '' && !packed) return plain;
  const reading = new Reading(maxTextChars, includeHidden);
  try {
    const blocks = packed ? readPackedRtf(packed, reading) : readHtml(html, reading);
    const words = toMarkdown(blocks, maxTextChars);
    const isTaken = plain.words === '' || isRicher(words, plain.words);
    return isTaken ? { words, hiddenLeftOut: reading.hiddenLeftOut } : plain;
  } catch (error) {
    // The plain text says the same in less.
    if (error instanceof ProcessorError && plain.words !== '') return plain;
    if (packed && error instanceof ProcessorError && error.code === 'corrupt')
      return { ...plain, isDamaged: true };
    throw error;
  }
}

function isRicher(rich: string, plain: string): boolean {
  const richWords = wordsOf(rich);
  const plainWords = wordsOf(plain.replace(ADDRESS, ''));
  const isNotice = plainWords.size <= NOTICE_WORDS;
  if (!isNotice && shareOutside(plainWords, richWords) > MAX_LOSS && plainWords.size >= richWords.size) {
    return false;
  }
  return shareOutside(richWords, plainWords) > MAX_LACK || lacksRows(rich, plain);
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(WORD));
}

function shareOutside(words: ReadonlySet<string>, others: ReadonlySet<string>): number {
  let outside = 0;
  for (const word of words) if (!others.has(word)) outside++;
  return words.size === 0 ? 0 : outside / words.size;
}

/** Returns whether most rows of the tables are no lines of the plain text. */
function lacksRows(rich: string, plain: string): boolean {
  const lineOf = (text: string) => (text.toLowerCase().match(WORD) ?? []).join(' ');
  const rows = Array.from(rich.matchAll(ROW), ([, cells = '']) => cells).filter((cells) =>
    cells.includes(' | '),
  );
  if (rows.length < MIN_ROWS) return false;
  const lines = new Set(plain.split('\n').map(lineOf));
  return rows.filter((row) => !lines.has(lineOf(row))).length > rows.length / 2;
}
