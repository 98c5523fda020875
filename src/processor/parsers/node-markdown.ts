import type { OfficeContentNode } from 'officeparser';

import { ProcessorError } from '../errors.ts';
import { codeBlock, escapeBlocks, heading, oneLine, tableLines } from './markdown-writer.ts';
import { normalize } from './normalize.ts';
import { tableGrid } from './table-grid.ts';

/** A piece of Markdown: a block, or one of its lines. Lines of a block follow each other directly. */
interface Piece {
  text: string;
  block: unknown;
}

const INDENT = '    ';
/** Stands for all lists, because adjacent lists continue each other. */
const LIST = Symbol('list');

/** Nodes that stand among the words of a paragraph. */
const INLINE = new Set<OfficeContentNode['type']>(['text', 'break', 'image']);
/** Nodes that a reader does not see, or sees on every page. */
const SKIPPED = new Set<OfficeContentNode['type']>(['comment', 'header', 'footer', 'slideMaster', 'embed']);

/**
 * Writes a document's nodes as Markdown in their order, with notes after their block. It leaves out styles and link
 * targets.
 * @returns the text, normalized; '' where there is none
 * @throws {ProcessorError} `text_too_long`, before it takes up much more than `maxChars`
 */
export function toMarkdown(nodes: readonly OfficeContentNode[], maxChars: number): string {
  let text = '';
  let last: Piece | undefined;
  for (const piece of pieces(nodes)) {
    if (piece.text === '') continue;
    if (last) text += piece.block === last.block ? '\n' : '\n\n';
    text += piece.text;
    if (text.length > maxChars) throw new ProcessorError('text_too_long');
    last = piece;
  }
  // Where a word may be cut at a line's end is no part of it.
  return normalize(text).replaceAll('\u00ad', '');
}

function* pieces(nodes: readonly OfficeContentNode[]): Generator<Piece> {
  let words: OfficeContentNode[] = [];
  for (const node of nodes) {
    if (isInline(node)) {
      words.push(node);
      continue;
    }
    if (words.length > 0) yield* paragraph(words);
    words = [];
    yield* blockPieces(node);
  }
  if (words.length > 0) yield* paragraph(words);
}

function isInline(node: OfficeContentNode): boolean {
  return INLINE.has(node.type) || (node.type === 'code' && node.metadata?.math === 'inline');
}

function* blockPieces(node: OfficeContentNode): Generator<Piece> {
  if (SKIPPED.has(node.type)) return;
  switch (node.type) {
    case 'heading':
      yield whole(heading(node.metadata?.level ?? 1, plainText(node)));
      break;
    case 'list': {
      const { listType, indentation = 0, itemIndex = 0 } = node.metadata ?? {};
      const mark = listType === 'ordered' ? `${itemIndex + 1}.` : '-';
      const words = oneLine(plainText(node));
      if (words !== '') yield { text: `${INDENT.repeat(indentation)}${mark} ${words}`, block: LIST };
      break;
    }
    case 'sheet':
      yield* sheet(node, node.metadata?.sheetName ?? '');
      break;
    case 'table':
      if (isLayout(node)) {
        // Notes of the words in the cells come with these.
        for (const { children = [] } of cellsOf(node)) yield* pieces(children);
        return;
      }
      for (const text of tableLines(...tableGrid(node, cellText))) yield { text, block: node };
      break;
    case 'slide':
      yield* pieces(titleFirst(node.children ?? []));
      break;
    case 'code':
      yield whole(codeBlock(plainText(node), node.metadata?.language));
      break;
    default:
      // What has no parts of its own may still have words.
      if (node.children?.length) yield* pieces(node.children);
      else yield whole(lines(node.text ?? ''));
  }
  yield* notePieces(node);
}

/** A slide's title heads it, whatever it was drawn after. */
function titleFirst(shapes: readonly OfficeContentNode[]): OfficeContentNode[] {
  const isTitle = ({ type }: OfficeContentNode) => type === 'heading';
  return [...shapes.filter(isTitle), ...shapes.filter((shape) => !isTitle(shape))];
}

/** Whether a table only sets what is in it: it has one column, or headings or tables in most of its cells. */
function isLayout(table: OfficeContentNode): boolean {
  const filled = cellsOf(table).filter((cell) => plainText(cell).trim() !== '');
  const holdBlocks = filled.filter(({ children = [] }) =>
    children.some(({ type }) => type === 'heading' || type === 'table'),
  );
  return holdBlocks.length > filled.length / 2 || tableGrid(table, cellText)[1] === 1;
}

function cellsOf(table: OfficeContentNode): OfficeContentNode[] {
  return (table.children ?? []).flatMap(({ children = [] }) => children);
}

/** An empty sheet is nothing, though it has a name. */
function* sheet(node: OfficeContentNode, name: string): Generator<Piece> {
  const [rows, columns] = tableGrid(node, cellText);
  if (columns > 0) yield whole(heading(1, name));
  for (const text of tableLines(rows, columns)) yield { text, block: node };
  // What lies over the cells, like text boxes and charts, is on the sheet as well.
  yield* pieces((node.children ?? []).filter(({ type }) => type !== 'row'));
}

function* paragraph(words: readonly OfficeContentNode[]): Generator<Piece> {
  yield whole(lines(words.map(plainText).join('')));
  for (const node of words) yield* notePieces(node);
}

/** Those of a paragraph's words come with its words. */
function* notePieces(node: OfficeContentNode): Generator<Piece> {
  yield* pieces(node.notes ?? []);
  if (node.type !== 'heading' && node.type !== 'list' && node.type !== 'table' && node.type !== 'sheet')
    return;
  for (const child of descendants(node)) yield* pieces(child.notes ?? []);
}

function* descendants(node: OfficeContentNode): Generator<OfficeContentNode> {
  for (const child of node.children ?? []) {
    yield child;
    yield* descendants(child);
  }
}

function whole(text: string): Piece {
  return { text, block: {} };
}

/** A paragraph's lines, without the spaces that only set it. */
function lines(text: string): string {
  return escapeBlocks(text.split('\n').map(oneLine).join('\n').trim());
}

function cellText(cell: OfficeContentNode): string {
  return oneLine(plainText(cell));
}

function plainText(node: OfficeContentNode): string {
  if (SKIPPED.has(node.type)) return '';
  if (node.type === 'break') return '\n';
  if (node.type === 'image') return node.metadata?.altText ?? '';
  if (node.type === 'code' && node.metadata?.math) return formula(node.text ?? '');
  if (!node.children?.length) return node.text ?? '';
  // Blocks within are words apart.
  return node.children
    .map((child) => (isInline(child) ? plainText(child) : ` ${plainText(child)} `))
    .join('');
}

/** A formula whose commands stand apart from the letters that follow, as do functions from what they are of. */
function formula(latex: string): string {
  return latex
    .replace(/\\(?:frac|cdot(?!s)|times)(?=[^\s{}\\\d\W])/g, '$& ')
    .replace(/(?<!\s)\s*\u2061\s*/g, ' ');
}
