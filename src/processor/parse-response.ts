import type { ParseEvent, ParseResponse, Segment } from '../contract/services/processor.ts';
import { splitsPair } from './chunkers/spans/span.ts';

/** Characters in a batch of lines. */
const BATCH_CHARS = 64 * 1024;
/** Longest text of a line, in characters, so that callers can hold every line. Longer text takes several lines. */
const LINE_CHARS = 64 * 1024;
/** Bytes of a large response in one message. */
const PIECE_BYTES = 256 * 1024;

/** Responds with a parse as NDJSON, in pieces of whole lines. Each progress event sends all lines so far. */
export async function* ndjsonResponse(events: AsyncIterable<ParseEvent>): AsyncGenerator<Uint8Array> {
  let lines = '';
  for await (const event of events) {
    for (const part of shortened(event)) {
      lines += `${JSON.stringify(part)}\n`;
      if (event.type !== 'progress' && lines.length < BATCH_CHARS) continue;
      yield Buffer.from(lines);
      lines = '';
    }
  }
  if (lines !== '') yield Buffer.from(lines);
}

/** Responds with a parse as one JSON object after the end. Until then each progress event yields 'alive'. */
export async function* jsonResponse(events: AsyncIterable<ParseEvent>): AsyncGenerator<Uint8Array | 'alive'> {
  const texts: string[] = [];
  const segments: Segment[] = [];
  let metadata: ParseResponse['metadata'] = {};
  let chunks: ParseResponse['chunks'];
  let end = 0;
  for await (const event of events) {
    if (event.type === 'progress') yield 'alive';
    else if (event.type === 'end') ({ metadata } = event);
    else if (event.type === 'chunk') {
      const { type: _, ...place } = event;
      (chunks ??= []).push(place);
    } else if (event.type === 'segment') {
      const { type: _, text, ...labels } = event;
      const start = end;
      end += text.length;
      texts.push(text);
      segments.push({ start, end, ...labels });
    }
  }
  const response: ParseResponse = { text: texts.join(''), metadata, segments, chunks };
  const bytes = Buffer.from(JSON.stringify(response));
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

function* shortened(event: ParseEvent): Generator<ParseEvent> {
  if (event.type !== 'segment' || event.text.length <= LINE_CHARS) {
    yield event;
    return;
  }
  const { text } = event;
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + LINE_CHARS, text.length);
    // A line must not split a surrogate pair.
    if (splitsPair(text, end)) end -= 1;
    yield { ...event, text: text.slice(start, end) };
    start = end;
  }
}
