import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import type { DocumentFile } from '../document-file.ts';
import { normalize } from '../normalize.ts';
import { pagesOfImage } from '../ocr/page-raster.ts';
import type { Recognition } from '../ocr/recognition.ts';
import { Outline } from '../outline.ts';
import { PAGE_BREAK, segments, type SegmentEvent } from '../segments.ts';

/**
 * Reads an image by OCR alone. A TIFF file may have several pages.
 * @throws {ProcessorError} `corrupt`, or `no_text_layer` if OCR has read nothing
 */
export async function* parseImage(file: DocumentFile, recognition: Recognition): AsyncGenerator<ParseEvent> {
  let total: number;
  try {
    total = await pagesOfImage(file);
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
  const outline = new Outline();
  let last: SegmentEvent | undefined;
  let unread = 0;
  for (let page = 1; page <= total; page++) {
    const text = normalize(recognition.textOf(page)).trim();
    if (text === '') unread++;
    for (const segment of text === '' ? [] : segments(text, { outline, page })) {
      if (last) yield last.page === page ? last : { ...last, text: last.text + PAGE_BREAK };
      last = { ...segment, ocr: true };
    }
  }
  yield { type: 'progress', pages_done: total - recognition.wanted.length, pages_total: total };
  if (!last) throw new ProcessorError('no_text_layer');
  yield last;
  yield { type: 'end', metadata: { pages: total, ...(unread > 0 && { pages_unread: unread }) } };
}
