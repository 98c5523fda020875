/** Formats of plain text that mark their headings in their own ways. */
export type MarkedText = 'asciidoc' | 'org' | 'rst' | 'latex';

/** A line that Markdown would take for a heading. */
const HASHES = /^ {0,3}(?=#{1,6}(?:[ \t]|$))/gm;
const ASCIIDOC = /^(={1,6})[ \t]+(?=\S)/gm;
const ORG = /^(\*{1,6})[ \t]+(?=\S)/gm;
const LATEX =
  /^[ \t]*\\(part|chapter|(?:sub){0,2}section|paragraph)\*?(?:\[[^\]\n]*\])?\{((?:[^{}\n]|\{[^{}\n]*\})*)\}/gm;
/** Without \part and \chapter a document begins with \section. */
const LATEX_LEVELS = ['part', 'chapter', 'section', 'subsection', 'subsubsection', 'paragraph'];
/** A title with a line of signs below it, and perhaps the same line above it. */
const RST =
  /^(?:(([!-/:-@[-`{-~])\2{2,})[ \t]*\n[ \t]*)?([^\s!-/:-@[-`{-~][^\n]*)\n(([!-/:-@[-`{-~])\5{2,})[ \t]*$/gm;

/** Writes the headings of a text as those of Markdown, and leaves the rest as it is. */
export function withMarkdownHeadings(type: MarkedText, source: string): string {
  const text = source.replace(HASHES, '$&\\');
  if (type === 'asciidoc') return text.replace(ASCIIDOC, (_, { length }: string) => `${'#'.repeat(length)} `);
  if (type === 'org') return text.replace(ORG, (_, { length }: string) => `${'#'.repeat(length)} `);
  return type === 'latex' ? withLatexHeadings(text) : withRstHeadings(text);
}

function withLatexHeadings(text: string): string {
  const used = new Set(Array.from(text.matchAll(LATEX), ([, name]) => name));
  const levels = LATEX_LEVELS.filter((name) => used.has(name));
  return text.replace(LATEX, (_, name: string, title: string) => heading(levels.indexOf(name) + 1, title));
}

/** The signs below a title tell its level. The first in the text have the highest one. */
function withRstHeadings(text: string): string {
  const levels: string[] = [];
  return text.replace(RST, (whole, above: string | undefined, _, title: string, below: string) => {
    const isTitle = below.length >= title.trimEnd().length && (above === undefined || above === below);
    if (!isTitle) return whole;
    const style = `${below[0]}${above === undefined ? '' : '^'}`;
    if (!levels.includes(style)) levels.push(style);
    return heading(levels.indexOf(style) + 1, title);
  });
}

function heading(level: number, title: string): string {
  return `${'#'.repeat(Math.min(level, 6))} ${title.trim()}`;
}
