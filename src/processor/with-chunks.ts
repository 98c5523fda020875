import type { CutSettings, ParseEvent, Segment } from '../contract/services/processor.ts';
import { cutChunks } from './chunkers/chunks.ts';

/** Adds the chunks of a parsed text before the end. Without settings it adds none. */
export async function* withChunks(
  events: AsyncIterable<ParseEvent>,
  cut: CutSettings | undefined,
): AsyncGenerator<ParseEvent> {
  if (!cut) return yield* events;
  const texts: string[] = [];
  const segments: Segment[] = [];
  let end = 0;
  for await (const event of events) {
    if (event.type === 'segment') {
      const { type: _, text, ...labels } = event;
      const start = end;
      end += text.length;
      texts.push(text);
      segments.push({ start, end, ...labels });
    } else if (event.type === 'end') {
      for (const { text: _, ...place } of cutChunks({ text: texts.join(''), segments, ...cut }))
        yield { type: 'chunk', ...place };
    }
    yield event;
  }
}
