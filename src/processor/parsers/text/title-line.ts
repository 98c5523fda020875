/** Longest title, in characters. A longer line is a paragraph. */
const MAX_TITLE_CHARS = 120;
/**
 * A first line that stands alone and has text below. Below a title no line begins with a small letter, except that of an
 * author. Such a line goes on with a sentence, or is code.
 */
const TITLE = /^\s*([\p{L}\p{N}][^\n]*\S)[ \t]*\n[ \t]*\n\s*(?!(?!by\s)\p{Ll})\S/u;
/** The end of a sentence or of a greeting, also in quotes. */
const SENTENCE_END = /[.!,;:…。．！，、；：।؛،۔]["'”’»」』]*$/u;

/** Finds the title of a plain text: its first line, if that is one. */
export function titleLine(text: string): string | undefined {
  const title = TITLE.exec(text.slice(0, 2 * MAX_TITLE_CHARS))?.[1];
  if (title === undefined || title.length > MAX_TITLE_CHARS || SENTENCE_END.test(title)) return undefined;
  return title;
}
