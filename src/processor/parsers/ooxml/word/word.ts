import type { Block } from '../../blocks/block.ts';
import type { Reading } from '../../blocks/reading.ts';
import { RunningHeads } from './running-heads.ts';
import { readStory } from './story.ts';
import { WordDocument } from './word-document.ts';

/**
 * Reads a Word document. Its headers stand before the body, its footers after.
 * @throws {ProcessorError} `encrypted`, `text_too_long`, or `corrupt`
 */
export function* readWord(bytes: Uint8Array, reading: Reading): Generator<Block> {
  const document = new WordDocument(bytes, reading);
  const heads = new RunningHeads(document);
  for (const text of heads.linesOf('header')) yield { type: 'paragraph', text };
  yield* readStory(document, document.main);
  for (const text of heads.linesOf('footer')) yield { type: 'paragraph', text };
}
