import { toMarkdown } from '../node-markdown.ts';
import { readOffice } from '../office/read-office.ts';
import { visibleHtml } from './visible-html.ts';

/**
 * Writes an HTML page's words, headings, lists and tables as Markdown, without scripts, styles, comments, hidden
 * elements and navigation.
 * @throws {ProcessorError} `text_too_long`, or `corrupt`
 */
export async function htmlToMarkdown(html: string, maxTextChars: number): Promise<string> {
  return toMarkdown(await readOffice(Buffer.from(visibleHtml(html)), 'html'), maxTextChars);
}
