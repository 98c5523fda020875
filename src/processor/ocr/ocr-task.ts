import { ProcessorError } from '../errors.ts';
import { detectType } from '../parsers/detect/detect-type.ts';
import type { Task } from '../pool/protocol.ts';

/** Share of a task's time after which no other turn of the page is tried. */
const TIME_TO_TURN = 0.4;

/**
 * Reads one page by OCR in a child. Yields its Markdown as bytes, none for a page without text.
 * @throws {ProcessorError} `corrupt` if the page cannot be drawn or OCR fails
 */
export async function* ocrResponse(task: Extract<Task, { kind: 'ocr' }>): AsyncGenerator<Uint8Array> {
  const { recognizePage } = await import('../parsers/ocr/recognize-page.ts');
  const isPdf = (await detectType(task)) === 'pdf';
  const turnUntil = performance.now() + task.timeoutMs * TIME_TO_TURN;
  const page = { path: task.path, page: task.page, isPdf, ...task.data };
  let text: string;
  try {
    text = await recognizePage(page, () => performance.now() < turnUntil);
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
  if (text !== '') yield Buffer.from(text);
}
