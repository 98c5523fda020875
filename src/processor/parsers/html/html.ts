import type { ParseEvent } from '../../../contract/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { readTextFile } from '../detect/decode-text.ts';
import { toMarkdown } from '../node-markdown.ts';
import { readOffice } from '../office/read-office.ts';
import { segments } from '../segments.ts';
import { visibleHtml } from './visible-html.ts';

/**
 * Reads an HTML page's words, headings, lists and tables, without scripts, styles, comments, hidden elements and
 * navigation.
 */
export async function* parseHtml(path: string, maxTextChars: number): AsyncGenerator<ParseEvent> {
  const { text: html, encoding } = await readTextFile(path, maxTextChars);
  const text = await htmlToMarkdown(html, maxTextChars);
  if (text === '') throw new ProcessorError('no_text');
  yield* segments(text);
  yield { type: 'end', metadata: { media_type: 'text/html', encoding } };
}

/**
 * Converts HTML to Markdown.
 * @throws {ProcessorError} `text_too_long`, or `corrupt`
 */
export async function htmlToMarkdown(html: string, maxTextChars: number): Promise<string> {
  return toMarkdown(await readOffice(Buffer.from(visibleHtml(html)), 'html'), maxTextChars);
}
