/** A part of a text, in UTF-16 offsets. */
export interface Span {
  start: number;
  end: number;
}

/** Shows a text with marked parts. The text comes from a document, so it becomes text nodes, never markup. */
export function MarkedText({ text, marks = [] }: { text: string; marks?: readonly Span[] | undefined }) {
  const parts = [];
  let last = 0;
  for (const { start, end } of marks) {
    if (start < last) continue;
    parts.push(text.slice(last, start), <mark key={start}>{text.slice(start, end)}</mark>);
    last = end;
  }
  parts.push(text.slice(last));
  return <>{parts}</>;
}

/** Matches a line break within a paragraph. No blank line, row, heading or list item follows it. */
const SOFT_BREAK = /(?<!\n)\n(?![\n|#>*•-]|\(?(?:\d+|[a-z]|[ivx]{2,6})[.)]\s)/g;

/** Joins the lines of paragraphs. Each character keeps its offset. */
export function flow(text: string): string {
  return text.replace(SOFT_BREAK, ' ');
}
