/** Longest title, in characters. A longer line is a paragraph. */
const MAX_TITLE_CHARS = 120;
/** A first line that stands alone, ends like no sentence and no greeting, and has text below. */
const TITLE = /^\s*([\p{L}\p{N}][^\n]*?[^\s.!,;:])[ \t]*\n[ \t]*\n\s*\S/u;

/** Finds the title of a plain text: its first line, if that is one. */
export function titleLine(text: string): string | undefined {
  const title = TITLE.exec(text.slice(0, 2 * MAX_TITLE_CHARS))?.[1];
  return title !== undefined && title.length <= MAX_TITLE_CHARS ? title : undefined;
}
