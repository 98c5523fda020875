import { BlockBuilder } from '../blocks/block-builder.ts';
import type { Block } from '../blocks/block.ts';
import type { Reading } from '../blocks/reading.ts';
import { RtfReader } from './rtf-reader.ts';
import { addEntries } from './rtf-tables.ts';
import { rtfTokens } from './rtf-tokens.ts';

/** Reads RTF. A header that repeats stands there once, and footers stand at the end. */
export function* readRtf(bytes: Buffer, reading: Reading): Generator<Block> {
  const builder = new BlockBuilder(reading.maxTextChars);
  const reader = new RtfReader(reading);
  for (const token of rtfTokens(bytes)) {
    if (token.type !== 'text') reading.elements.spend();
    reader.read(token);
    if (!reader.hasEnded) continue;
    addEntries(reader.take(), builder);
    yield* builder.take();
  }
  reader.end();
  addEntries(reader.take(), builder);
  yield* builder.take();
}
