import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { codeBlock, escapeBlocks, heading, oneLine } from '../markdown-writer.ts';
import { Outline } from '../outline.ts';
import { PAGE_BREAK, type SegmentEvent } from '../segments.ts';
import type { Block, ContentBlock } from './block.ts';
import { tableGrid } from './table-grid.ts';
import { tableLines } from './table-lines.ts';

/** Longest heading that opens a section, in characters. A longer one is a paragraph. */
const MAX_HEADING_CHARS = 200;
const INDENT = '    ';
/** Pages between two progress events. */
const REPORT_PAGES = 20;

/** A piece of Markdown. */
interface Piece {
  text: string;
  context?: string;
  /** Whether it follows the piece before on the next line, without a blank line. */
  goesOn?: boolean;
}

/** Writes blocks as Markdown. See {@link writeBlocks}. */
export function toMarkdown(blocks: Iterable<Block>, maxTextChars: number): string {
  let text = '';
  for (const event of writeBlocks(blocks, maxTextChars)) if (event.type === 'segment') text += event.text;
  return text;
}

/**
 * Writes blocks as segments of Markdown, one for each heading, page and context. Progress events count pages.
 * @throws {ProcessorError} `text_too_long`, before it takes up much more than `maxTextChars`
 */
export function* writeBlocks(blocks: Iterable<Block>, maxTextChars: number): Generator<ParseEvent> {
  let outline = new Outline();
  let open: SegmentEvent | undefined;
  let page: number | undefined;
  let last: Block | undefined;
  let chars = 0;
  for (const block of blocks) {
    if (block.type === 'page') {
      outline = new Outline();
      page = (page ?? 0) + 1;
      last = undefined;
      if (page % REPORT_PAGES === 0 || page === block.pages)
        yield { type: 'progress', pages_done: page, pages_total: block.pages };
      continue;
    }
    const title =
      block.type === 'heading' && block.text.length <= MAX_HEADING_CHARS ? oneLine(block.text) : '';
    if (block.type === 'heading' && title !== '') outline.enter(Math.min(Math.max(block.level, 1), 6), title);
    const path = outline.path;
    for (const { text, context, goesOn } of pieces(block, last)) {
      if (text === '') continue;
      chars += text.length + PAGE_BREAK.length;
      if (chars > maxTextChars + PAGE_BREAK.length) throw new ProcessorError('text_too_long');
      if (open) open.text += goesOn ? '\n' : PAGE_BREAK;
      if (open && open.page === page && open.heading === path && open.context === context && title === '')
        open.text += text;
      else {
        if (open) yield open;
        open = {
          type: 'segment',
          text,
          ...(page !== undefined && { page }),
          ...(path !== undefined && { heading: path }),
          ...(context !== undefined && { context }),
        };
      }
      last = block;
    }
  }
  if (open) yield open;
}

function* pieces(block: ContentBlock, last: Block | undefined): Generator<Piece> {
  switch (block.type) {
    case 'heading': {
      const isTitle = block.text.length <= MAX_HEADING_CHARS;
      yield { text: isTitle ? heading(block.level, block.text) : lines(block.text) };
      break;
    }
    case 'item': {
      const words = oneLine(block.text);
      const text = words === '' ? '' : `${INDENT.repeat(block.depth)}${block.mark} ${words}`;
      yield { text, goesOn: last?.type === 'item' };
      break;
    }
    case 'code':
      yield { text: block.text.trim() === '' ? '' : codeBlock(block.text, block.language) };
      break;
    case 'table': {
      const grid = tableGrid(block);
      for (const title of grid.titles) yield { text: lines(title) };
      let goesOn = false;
      for (const line of tableLines(grid)) {
        yield { ...line, goesOn };
        goesOn = true;
      }
      break;
    }
    case 'paragraph':
      yield { text: lines(block.text) };
  }
}

/** Writes a paragraph's lines, each with single spaces. */
function lines(text: string): string {
  return escapeBlocks(text.split('\n').map(oneLine).join('\n').trim());
}
