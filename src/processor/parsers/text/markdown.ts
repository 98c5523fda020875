import type { ParseEvent } from '../../../contract/processor.ts';
import { readTextFile } from '../detect/decode-text.ts';
import { Outline, splitAtHeadings } from '../outline.ts';

/** Reads a Markdown file unchanged, with a segment for each heading. */
export async function* parseMarkdown(path: string, maxTextChars: number): AsyncGenerator<ParseEvent> {
  const { text, encoding } = await readTextFile(path, maxTextChars);
  for (const section of splitAtHeadings(text, new Outline(), true)) yield { type: 'segment', ...section };
  yield { type: 'end', metadata: { media_type: 'text/markdown', encoding } };
}
