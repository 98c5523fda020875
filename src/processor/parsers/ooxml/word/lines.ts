import type { Block } from '../../blocks/block.ts';

/** A paragraph or an item. */
export type Line = Extract<Block, { type: 'paragraph' | 'item' }>;

/** Returns the words of notes and headers, which have no tables or headings. A row becomes a paragraph. */
export function withoutTables(blocks: Iterable<Block>): Line[] {
  return [...blocks].flatMap((block): Line[] => {
    switch (block.type) {
      case 'page':
        return [];
      case 'table':
        return block.rows.map((row) => ({
          type: 'paragraph',
          text: row.map(({ text }) => text).join(' '),
        }));
      case 'item':
        return [block];
      default:
        return [{ type: 'paragraph', text: block.text }];
    }
  });
}
