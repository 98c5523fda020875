import type { ParseEvent } from '../contract/services/processor.ts';

/**
 * Names the readers of this processor. MUST change whenever the same file may give another text, because chunks of
 * two versions do not compare. A document's version tells whether to index it again.
 */
export const READER_VERSION = 'sluice-5';

/** Adds {@link READER_VERSION} to the metadata of a parse. */
export async function* withReaderVersion(events: AsyncIterable<ParseEvent>): AsyncGenerator<ParseEvent> {
  for await (const event of events) {
    if (event.type !== 'end') yield event;
    else yield { ...event, metadata: { ...event.metadata, reader_version: READER_VERSION } };
  }
}
