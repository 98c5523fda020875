import { escapeBlocks } from '../../markdown-writer.ts';
import { HIDDEN_FLAGS, plain, withoutBlanks, type Widget } from './pdf-fields.ts';

/** An annotation of pdf.js. */
export interface Annotation extends Widget {
  contentsObj?: { str: string };
}

/** Most characters of the typed texts of a page. */
const MAX_CHARS = 1_000_000;

/**
 * Lists the texts that people typed onto a page, from the top to the bottom, as paragraphs. Readers take them for
 * drawings. It leaves out hidden ones, and those that the page's text shows.
 */
export function typedTexts(annotations: readonly Annotation[], pageText: string): string {
  const shown = withoutBlanks(pageText);
  const paragraphs: string[] = [];
  let chars = 0;
  const typed = annotations.filter(
    ({ subtype, annotationFlags }) => subtype === 'FreeText' && (annotationFlags & HIDDEN_FLAGS) === 0,
  );
  for (const { contentsObj } of typed.toSorted((a, b) => (b.rect[3] ?? 0) - (a.rect[3] ?? 0))) {
    const lines = (contentsObj?.str ?? '').split(/\r\n?|\n/).map(plain);
    const text = lines.filter((line) => line !== '').join('\n');
    if (text === '' || shown.includes(withoutBlanks(text))) continue;
    paragraphs.push(escapeBlocks(text));
    chars += text.length;
    if (chars > MAX_CHARS) break;
  }
  return paragraphs.join('\n\n');
}
