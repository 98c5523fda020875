import type { ParseEvent } from '../contract/processor.ts';

/**
 * Names the readers of this processor. MUST change whenever the same file may come to another text, because chunks of
 * two versions do not compare: a document's version says whether to index it again is worth it.
 */
export const READER_VERSION = 'sluice-1';

/** Adds {@link READER_VERSION} to the metadata of a parse. */
export async function* withReaderVersion(events: AsyncIterable<ParseEvent>): AsyncGenerator<ParseEvent> {
  for await (const event of events) {
    if (event.type !== 'end') yield event;
    else yield { ...event, metadata: { ...event.metadata, reader_version: READER_VERSION } };
  }
}
