import type { Block, ContentBlock } from './block.ts';
import { BlockBuilder } from './block-builder.ts';
import type { Reading } from './reading.ts';

/**
 * Writes the sheets of a workbook as pages under their names. Hidden ones are no pages. A sheet without words is an
 * empty page.
 */
export function* sheetPages<Sheet extends { name: string; isHidden: boolean }>(
  all: readonly Sheet[],
  blocksOf: (sheet: Sheet) => Iterable<ContentBlock>,
  reading: Reading,
): Generator<Block> {
  const sheets = all.filter(({ isHidden }) => !isHidden || reading.takesHidden());
  const builder = new BlockBuilder(reading.maxTextChars);
  for (const sheet of sheets) {
    builder.page(sheets.length);
    builder.heading(1, sheet.name);
    for (const block of blocksOf(sheet)) builder.add(block);
    const written = builder.take();
    const hasWords = written.some(({ type }) => type !== 'page' && type !== 'heading');
    yield* hasWords ? written : written.filter(({ type }) => type === 'page');
  }
}
