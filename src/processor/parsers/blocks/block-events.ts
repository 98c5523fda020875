import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import type { Block } from './block.ts';
import { Reading, type Limits } from './reading.ts';
import { writeBlocks } from './write-blocks.ts';

/** Reads a document as blocks. */
export type BlockReader = (bytes: Buffer, reading: Reading) => Iterable<Block>;

/**
 * Writes what a reader yields as the events of a parse. The end counts pages, and the hidden parts that the text lacks.
 * @param metadata further metadata of the end
 * @throws {ProcessorError} the reader's, `text_too_long`, or `corrupt` for any other error
 */
export function* blockEvents(
  read: (reading: Reading) => Iterable<Block>,
  { maxTextChars, includeHidden }: Limits,
  metadata: Readonly<Record<string, string>> = {},
): Generator<ParseEvent> {
  const reading = new Reading(maxTextChars, includeHidden);
  let pages = 0;
  try {
    for (const event of writeBlocks(read(reading), maxTextChars)) {
      if (event.type === 'progress') pages = event.pages_total;
      yield event;
    }
  } catch (error) {
    throw error instanceof ProcessorError ? error : new ProcessorError('corrupt', { cause: error });
  }
  const { hiddenLeftOut } = reading;
  yield {
    type: 'end',
    metadata: {
      ...metadata,
      ...(pages > 0 && { pages }),
      ...(hiddenLeftOut > 0 && { hidden_left_out: hiddenLeftOut }),
    },
  };
}
