import type { ParseEvent } from '../../../contract/processor.ts';
import { readTextFile } from '../detect/decode-text.ts';

/** Reads a plain text as one segment without page and heading. */
export async function* parsePlainText(path: string, maxTextChars: number): AsyncGenerator<ParseEvent> {
  const { text, encoding } = await readTextFile(path, maxTextChars);
  yield { type: 'segment', text };
  yield { type: 'end', metadata: { media_type: 'text/plain', encoding } };
}
