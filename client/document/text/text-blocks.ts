import type { Chunk } from '../../../src/contract/documents.ts';

/** A part of the shown text. Its offsets are those of the chunks. */
export interface Block {
  kind: 'page' | 'heading' | 'table' | 'text';
  start: number;
  text: string;
  /** Page that begins here. */
  page?: number;
  /** Level of a heading, from 1. */
  level?: number;
}

interface Piece {
  start: number;
  text: string;
  /** Page on which the piece begins, if that is another one than before. */
  page?: number | undefined;
}

/** Matches the start of a list item, a table, a heading or a quotation. Each begins on a line of its own. */
const OWN_LINE = /^(?:[-*+|#>]|\d+[.)]\s)/;

/**
 * Rebuilds the text from chunks in their order, without their overlaps, and cuts it into headings, tables and paragraphs.
 * Chunks lack only the blanks between them. One blank is a space or a line break. Several end a paragraph.
 */
export function blocksOf(chunks: readonly Chunk[]): Block[] {
  return piecesOf(chunks).flatMap(({ start, text, page }): Block[] => {
    const mark: Block[] = page === undefined ? [] : [{ kind: 'page', start, text: '', page }];
    return [...mark, ...paragraphsOf(start, text)];
  });
}

/** Joins chunks as far as no page and no paragraph begins between them. */
function piecesOf(chunks: readonly Chunk[]): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  let page: number | undefined;
  for (const chunk of chunks) {
    const last = pieces.at(-1);
    const start = Math.max(chunk.start, last ? end : chunk.start);
    const text = chunk.text.slice(start - chunk.start);
    const gap = start - end;
    const isOtherPage = chunk.page !== undefined && chunk.page !== page;
    if (!last || gap > 1 || isOtherPage)
      pieces.push({ start, text, page: isOtherPage ? chunk.page : undefined });
    else last.text += (gap === 0 ? '' : OWN_LINE.test(text) ? '\n' : ' ') + text;
    end = Math.max(end, chunk.end);
    page = chunk.page ?? page;
  }
  return pieces;
}

function paragraphsOf(offset: number, text: string): Block[] {
  const blocks: Block[] = [];
  for (const { 0: paragraph, index } of text.matchAll(/(?:(?!\n[^\S\n]*\n)[^])+/g)) {
    const lead = paragraph.length - paragraph.trimStart().length;
    let rest = paragraph.trim();
    let start = offset + index + lead;
    for (let match; (match = /^(#{1,6})[^\S\n]+(.+)(?:\n|$)/.exec(rest));) {
      const [line, marks = '', words = ''] = match;
      blocks.push({ kind: 'heading', start: start + line.indexOf(words), text: words, level: marks.length });
      start += line.length;
      rest = rest.slice(line.length);
    }
    if (rest === '') continue;
    const isTable = rest.split('\n').every((line) => line.startsWith('|'));
    blocks.push({ kind: isTable ? 'table' : 'text', start, text: rest });
  }
  return blocks;
}
