const BACKTICKS = /`+/g;
/** Longest code span, in characters. The marks of a longer one are unclosed. */
const MAX_SPAN_CHARS = 2000;
/** Longest tag, in characters. An image may hold its data. */
const MAX_TAG_CHARS = 1_000_000;

/** Returns the end of the line, before its line break. */
export function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Returns the end of the code that begins at a backtick, or of the backticks if nothing closes them. */
export function codeEnd(text: string, start: number): number {
  BACKTICKS.lastIndex = start;
  const marks = BACKTICKS.exec(text)?.[0] ?? '`';
  const after = start + marks.length;
  BACKTICKS.lastIndex = 0;
  const paragraph = text.slice(after, after + MAX_SPAN_CHARS).split(/\n[ \t]*\n/, 1)[0] ?? '';
  for (const { 0: run, index } of paragraph.matchAll(BACKTICKS)) {
    if (run.length === marks.length) return after + index + run.length;
  }
  return after;
}

/** Returns the end of a tag, or -1 if a blank line, another tag or the text's end comes first. */
export function tagEnd(text: string, start: number): number {
  let quote = '';
  for (let at = start + 1; at < Math.min(text.length, start + MAX_TAG_CHARS); at++) {
    const char = text.charAt(at);
    if (char === '\n' && text[at + 1] === '\n') return -1;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '>') return at + 1;
    else if (char === '<') return -1;
    else if (char === '"' || char === "'") quote = char;
  }
  return -1;
}
