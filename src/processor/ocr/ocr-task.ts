import { ProcessorError } from '../errors.ts';
import { detectType, type DocumentSource } from '../parsers/detect/detect-type.ts';
import { findAttachment } from '../parsers/mail/find-attachment.ts';
import { parsePageName } from '../parsers/ocr/recognition.ts';
import type { Task } from '../pool/protocol.ts';

/** Share of a task's time. After it, OCR tries no other turn of the page. */
const TIME_TO_TURN = 0.4;

type OcrTask = Extract<Task, { kind: 'ocr' }>;

/**
 * Reads one page by OCR in a child. Yields its Markdown as bytes, none for a page without text.
 * @throws {ProcessorError} `corrupt` if the page cannot be drawn or OCR fails
 */
export async function* ocrResponse(task: OcrTask): AsyncGenerator<Uint8Array> {
  const { recognizePage } = await import('../parsers/ocr/recognize-page.ts');
  const { place, page } = parsePageName(task.page);
  let text: string;
  try {
    const source: DocumentSource = place === '' ? task : await findAttachment(task, task.maxTextChars, place);
    const isPdf = (await detectType(source)) === 'pdf';
    const turnUntil = performance.now() + task.timeoutMs * TIME_TO_TURN;
    const from = { path: source.path, page, isPdf, ...task.data };
    text = await recognizePage(from, () => performance.now() < turnUntil);
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
  if (text !== '') yield Buffer.from(text);
}
