import type { OfficeContentNode } from 'officeparser';

import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { toMarkdown } from '../node-markdown.ts';
import { readOffice, type OfficeFormat } from './read-office.ts';
import { PAGE_BREAK, segments } from '../segments.ts';

/** Slides or sheets between two progress events. */
const REPORT_PAGES = 20;

/**
 * Reads an Office document, an OpenDocument, an EPUB book or RTF. Slides and sheets are its pages, each with its own
 * headings. Other documents have no pages.
 * @throws {ProcessorError} `encrypted`, `corrupt`, `no_text`, or `text_too_long`
 */
export async function* parseOffice(
  file: DocumentFile,
  maxTextChars: number,
  format: OfficeFormat,
): AsyncGenerator<ParseEvent> {
  const nodes = await readOffice(await bytesOf(file), format);
  const pages = nodes.filter(({ type }) => type === 'slide' || type === 'sheet');
  if (pages.length > 0) yield* pageEvents(pages, maxTextChars);
  else yield* segments(toMarkdown(nodes, maxTextChars));
  yield { type: 'end', metadata: pages.length > 0 ? { pages: pages.length } : {} };
}

function* pageEvents(pages: readonly OfficeContentNode[], maxTextChars: number): Generator<ParseEvent> {
  const texts = pages.map((page) => toMarkdown([page], maxTextChars));
  const last = texts.findLastIndex((text) => text !== '');
  if (last === -1) throw new ProcessorError('no_text');
  for (const [index, text] of texts.entries()) {
    const page = index + 1;
    if (text !== '') yield* segments(index < last ? text + PAGE_BREAK : text, { page });
    if (page % REPORT_PAGES === 0 || page === texts.length) {
      yield { type: 'progress', pages_done: page, pages_total: texts.length };
    }
  }
}
