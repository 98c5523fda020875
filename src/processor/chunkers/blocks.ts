import { lines, type Line } from './spans/lines.ts';
import { skipBlanks, type Span } from './spans/span.ts';

/** A heading is one line, and an item all its lines. A table's header is its first row with the line of dashes. */
export type BlockKind = 'paragraph' | 'heading' | 'item' | 'header' | 'row' | 'code';

/** A stretch of whole lines. No sentence crosses its ends. */
export interface Block extends Span {
  kind: BlockKind;
  /** Level of its heading. 1 is the highest. */
  level?: number;
}

export interface Heading {
  start: number;
  /** 1 is the highest. */
  level: number;
}

/** Borders that the text does not show, in order. */
export interface BlockBorders {
  /** Starts of pages. Sentences continue across them, code does not. */
  pageStarts?: readonly number[];
  /** Starts of sections. Each begins a block, even within a paragraph. */
  sections?: readonly Heading[];
}

const HEADING = / {0,3}(#{1,6})[ \t]/y;
const ITEM = /[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]/y;
const ROW = /[ \t]*\|/y;
const DASHES = /[ \t]*\|[ \t]*:?-[-:| \t]*(?:\n|$)/y;
/** Matches a code fence. Backticks with further backticks on the line enclose code within it. */
const FENCE = /[ \t]*(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})([^\n]*)/y;

/**
 * Splits text into blocks: paragraphs, headings, list items, table rows, fenced code. A blank line ends a block, except
 * inside code and at a page border.
 */
export function* blocks(
  text: string,
  { pageStarts = [], sections = [] }: BlockBorders = {},
): Generator<Block> {
  let block: Block | undefined;
  let fence: string | undefined;
  let nextPage = 0;
  let nextSection = 0;
  let lastEnd = 0;
  for (const line of lines(text)) {
    let pageBorder = false;
    for (; (pageStarts[nextPage] ?? Infinity) <= line.start; nextPage++) pageBorder = true;
    if (pageBorder) fence = undefined;
    let section: Heading | undefined;
    const firstWord = skipBlanks(text, line.start);
    for (let next; (next = sections[nextSection]) && next.start <= firstWord; nextSection++) {
      // A section that begins inside the previous line begins no block.
      if (next.start >= lastEnd) section = next;
    }
    lastEnd = line.end;
    const mark = matchAt(FENCE, text, line.start);
    if (fence !== undefined && block) {
      block.end = line.end;
      if (mark?.[1]?.startsWith(fence) && mark[2]?.trim() === '') fence = undefined;
      continue;
    }
    const kind = mark ? 'code' : kindOf(text, line);
    const level = levelOf(text, line, kind) ?? section?.level;
    const begins =
      kind !== 'paragraph' ||
      block === undefined ||
      (line.afterBlank && !pageBorder) ||
      (block.kind !== 'paragraph' && block.kind !== 'item') ||
      level !== undefined;
    if (block?.kind === 'row' && !line.afterBlank && matchAt(DASHES, text, line.start)) {
      block = { ...block, end: line.end, kind: 'header' };
    } else if (block && !begins) {
      block.end = line.end;
    } else {
      if (block) yield block;
      block = { start: line.start, end: line.end, kind, ...(level !== undefined && { level }) };
    }
    fence = mark?.[1];
  }
  if (block) yield block;
}

function levelOf(text: string, { start }: Line, kind: BlockKind): number | undefined {
  return kind === 'heading' ? matchAt(HEADING, text, start)?.[1]?.length : undefined;
}

function kindOf(text: string, { start }: Line): BlockKind {
  if (matchAt(HEADING, text, start)) return 'heading';
  if (matchAt(ROW, text, start)) return 'row';
  return matchAt(ITEM, text, start) ? 'item' : 'paragraph';
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
