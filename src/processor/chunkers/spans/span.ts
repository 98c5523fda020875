/** A stretch of a text, in UTF-16 code units. `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** Finds the first offset from `at` on that is not blank. Returns the text's length if there is none. */
export function skipBlanks(text: string, at: number): number {
  return text.length - text.slice(at).trimStart().length;
}

/** Removes the blanks at the ends of a span. A blank span becomes empty, at its end. */
export function trimSpan(text: string, { start, end }: Span): Span {
  const from = end - text.slice(start, end).trimStart().length;
  return { start: from, end: from + text.slice(from, end).trimEnd().length };
}

/** Returns whether a cut at `at` would separate the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
