import type { Block, ContentBlock } from './block.ts';
import type { BlockBuilder } from './block-builder.ts';

/** Writes a sheet as a page under its name. A sheet without words is an empty page. */
export function sheetPage(
  name: string,
  pages: number,
  blocks: Iterable<ContentBlock>,
  builder: BlockBuilder,
): Block[] {
  builder.page(pages);
  builder.heading(1, name);
  for (const block of blocks) builder.add(block);
  const written = builder.take();
  const hasWords = written.some(({ type }) => type !== 'page' && type !== 'heading');
  return hasWords ? written : written.filter(({ type }) => type === 'page');
}
