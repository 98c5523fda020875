/** Formats of plain text that mark their headings in their own ways. */
export type MarkedText = 'asciidoc' | 'org' | 'rst' | 'latex';

/** Matches the blanks before a line that Markdown would take for a heading. */
const HASHES = /^ {0,3}(?=#{1,6}(?:[ \t]|$))/gm;
/** Match the signs before a title. Their number is its level. */
const ASCIIDOC = /^(={1,6})[ \t]+(?=\S)/gm;
const ORG = /^(\*{1,6})[ \t]+(?=\S)/gm;
const LATEX =
  /^[ \t]*\\(part|chapter|(?:sub){0,2}section|paragraph)\*?(?:\[[^\]\n]*\])?\{((?:[^{}\n]|\{[^{}\n]*\})*)\}/gm;
/** From the highest. A document may begin below, such as with `\section`. */
const LATEX_LEVELS = ['part', 'chapter', 'section', 'subsection', 'subsubsection', 'paragraph'];
/** Matches a title with a line of signs below it, and perhaps the same line above it. */
const RST =
  /^(?:(([!-/:-@[-`{-~])\2{2,})[ \t]*\n[ \t]*)?([^\s!-/:-@[-`{-~][^\n]*)\n(([!-/:-@[-`{-~])\5{2,})[ \t]*$/gm;

/** Writes the headings of a text as Markdown's, and keeps the rest. */
export function withMarkdownHeadings(type: MarkedText, source: string): string {
  const text = source.replace(HASHES, '$&\\');
  if (type === 'asciidoc') return text.replace(ASCIIDOC, (_, { length }: string) => `${'#'.repeat(length)} `);
  if (type === 'org') return text.replace(ORG, (_, { length }: string) => `${'#'.repeat(length)} `);
  return type === 'latex' ? withLatexHeadings(text) : withRstHeadings(text);
}

function withLatexHeadings(text: string): string {
  const used = new Set(Array.from(text.matchAll(LATEX), ([, name]) => name));
  const levels = LATEX_LEVELS.filter((name) => used.has(name));
  return text.replace(LATEX, (_, name: string, title: string) =>
    headingLine(levels.indexOf(name) + 1, title),
  );
}

/** Writes titles with lines of signs as headings. The signs of the first title have the highest level. */
function withRstHeadings(text: string): string {
  const levels: string[] = [];
  return text.replace(RST, (whole, above: string | undefined, _, title: string, below: string) => {
    const isTitle = below.length >= title.trimEnd().length && (above === undefined || above === below);
    if (!isTitle) return whole;
    const style = `${below[0]}${above === undefined ? '' : '^'}`;
    if (!levels.includes(style)) levels.push(style);
    return headingLine(levels.indexOf(style) + 1, title);
  });
}

function headingLine(level: number, title: string): string {
  return `${'#'.repeat(Math.min(level, 6))} ${title.trim()}`;
}
