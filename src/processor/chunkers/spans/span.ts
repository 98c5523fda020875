/** A stretch of a text, in UTF-16 code units; `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** The first offset from `at` on that is not blank; the text's length where there is none. */
export function skipBlanks(text: string, at: number): number {
  return text.length - text.slice(at).trimStart().length;
}

/** The span without blanks at its ends; empty, at its end, where all is blank. */
export function trimSpan(text: string, { start, end }: Span): Span {
  const from = end - text.slice(start, end).trimStart().length;
  return { start: from, end: from + text.slice(from, end).trimEnd().length };
}

/** True if a cut at `at` would part the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
