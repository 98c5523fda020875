import type { ParseEvent } from '../../contract/services/processor.ts';
import { ProcessorError } from '../errors.ts';
import { jsonResponse, ndjsonResponse } from '../parse-response.ts';
import { parseDocument } from '../parsers/document.ts';
import { Recognition } from '../parsers/ocr/recognition.ts';
import type { Task, UnreadPages } from '../pool/protocol.ts';
import { withReaderVersion } from '../reader-version.ts';
import { withChunks } from '../with-chunks.ts';

type ParseTask = Extract<Task, { kind: 'parse' }>;

/** Reports of a parse to its parent, beside the response. */
export interface ParseReports {
  /** Takes the pages that need OCR, before the response ends. */
  unread: (unread: UnreadPages) => Promise<void>;
  /** Gives a sign of life. */
  alive: () => Promise<void>;
}

/**
 * Parses a file in a child. The first parse of a file stops sending text at the first page that needs OCR, and then only
 * reports progress. The second one knows what OCR has read. It skips the text that the first has sent.
 */
export async function* parseResponse(
  task: ParseTask,
  { unread, alive }: ParseReports,
): AsyncGenerator<Uint8Array | 'alive'> {
  const { maxTextChars, maxSilenceMs, includeHidden, cut, recognized, format } = task;
  const recognition = new Recognition(recognized?.texts);
  const parsed = parseDocument(task, { maxTextChars, maxSilenceMs, includeHidden, recognition });
  const found = { pagesDone: 0, pagesTotal: 0, sentSegments: 0 };
  // A JSON response is one object, so the first parse has sent none of it.
  const sentSegments = format === 'json' ? 0 : (recognized?.sentSegments ?? 0);
  const events = recognized
    ? rest(withChunks(parsed, cut), sentSegments, alive)
    : withChunks(untilUnread(parsed, recognition, found), cut);
  const response = format === 'json' ? jsonResponse : ndjsonResponse;
  const whole = response(withReaderVersion(events));
  for await (const piece of whole) {
    // The object of a first parse that lacks pages would be a part of the text.
    if (format === 'ndjson' || piece === 'alive' || recognition.wanted.length === 0) yield piece;
  }
  if (recognition.wanted.length > 0) await unread({ pages: [...recognition.wanted], ...found });
}

/** Yields events until a page needs OCR, then only progress. Counts segments and pages in `found`. */
async function* untilUnread(
  events: AsyncIterable<ParseEvent>,
  recognition: Recognition,
  found: Omit<UnreadPages, 'pages'>,
): AsyncGenerator<ParseEvent> {
  try {
    for await (const event of events) {
      if (event.type === 'progress')
        [found.pagesDone, found.pagesTotal] = [event.pages_done, event.pages_total];
      else if (recognition.wanted.length > 0) continue;
      else if (event.type === 'segment') found.sentSegments++;
      yield event;
    }
  } catch (error) {
    const mayHoldText = error instanceof ProcessorError && error.code === 'no_text_layer';
    if (!mayHoldText || recognition.wanted.length === 0) throw error;
  }
}

/** Yields the events of a second parse that the first has not sent. Of its progress, only the last is new, and comes at the end. */
async function* rest(
  events: AsyncIterable<ParseEvent>,
  sentSegments: number,
  alive: () => Promise<void>,
): AsyncGenerator<ParseEvent> {
  let segments = 0;
  let last: ParseEvent | undefined;
  for await (const event of events) {
    if (event.type === 'segment' && segments++ < sentSegments) continue;
    if (event.type === 'progress') {
      last = event;
      await alive();
      continue;
    }
    if (event.type === 'end' && last) yield last;
    yield event;
  }
}
