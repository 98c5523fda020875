/** A line longer than this is a paragraph that begins with a `#`. */
const MAX_HEADING_CHARS = 200;

const ATX = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
/** Matches a line that an underline may make a heading: no item, quote, table row or rule. */
const WORDS = /^ {0,3}(?![-*+>|#\s=]|\d+[.)]\s)\S/;
const UNDERLINE = /^ {0,3}(=+|-{2,})[ \t]*$/;
/** Matches a code fence. Backticks with further backticks on the line enclose code within it. */
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;

/** The headings in force at a place in a document. */
export class Outline {
  #headings: { level: number; title: string }[] = [];

  /** Passes a heading: it replaces those of its own level and below. */
  enter(level: number, title: string): void {
    this.#headings = this.#headings.filter((heading) => heading.level < level);
    this.#headings.push({ level, title });
  }

  /** The headings in force, outermost first, as `A > B`; undefined before the first. */
  get path(): string | undefined {
    return this.#headings.map(({ title }) => title).join(' > ') || undefined;
  }
}

/**
 * Cuts Markdown before each heading. A line inside a code fence is no heading.
 * @param outline headings in force where the text begins. It follows the text, so that the next page continues it
 * @param underlined whether a line alone between a blank one and one of `=` or `-` is a heading, too
 * @returns sections whose texts joined are the text, each under one heading
 */
export function* splitAtHeadings(
  text: string,
  outline: Outline,
  underlined = false,
): Generator<{ text: string; heading?: string }> {
  let start = 0;
  const section = (end: number) => {
    const heading = outline.path;
    return { text: text.slice(start, end), ...(heading !== undefined && { heading }) };
  };
  for (const { from, level, title } of headings(text, underlined)) {
    // Blank lines before the first heading are no section of their own.
    if (start > 0 || text.slice(0, from).trim() !== '') {
      yield section(from);
      start = from;
    }
    outline.enter(level, title);
  }
  if (start < text.length) yield section(text.length);
}

interface FoundHeading {
  from: number;
  level: number;
  title: string;
}

function* headings(text: string, underlined: boolean): Generator<FoundHeading> {
  let fence: string | undefined;
  let afterBlank = true;
  // A line after a blank one, which the next may underline.
  let alone: FoundHeading | undefined;
  for (const [from, line] of lines(text)) {
    fence = fenceAfter(line, fence);
    const mark = fence === undefined && alone ? UNDERLINE.exec(line)?.[1] : undefined;
    const heading = fence === undefined ? parseHeading(line) : undefined;
    if (mark && alone) yield { ...alone, level: mark.startsWith('=') ? 1 : 2 };
    else if (heading) yield { from, ...heading };
    const mayBeTitle = underlined && afterBlank && fence === undefined && line.length <= MAX_HEADING_CHARS;
    const title = mayBeTitle && WORDS.test(line) ? plainTitle(line) : '';
    alone = title === '' ? undefined : { from, level: 0, title };
    afterBlank = line.trim() === '';
  }
}

function* lines(text: string): Generator<[from: number, line: string]> {
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const end = newline === -1 ? text.length : newline;
    yield [from, text.slice(from, end)];
    from = end + 1;
  }
}

/** The fence in force after a line: a longer or equal one of the same kind, alone on its line, closes it. */
export function fenceAfter(line: string, open: string | undefined): string | undefined {
  const mark = FENCE.exec(line)?.[1];
  if (open === undefined) return mark;
  const closes = mark?.startsWith(open) && line.trim() === mark;
  return closes ? undefined : open;
}

function parseHeading(line: string): { level: number; title: string } | undefined {
  if (line.length > MAX_HEADING_CHARS) return undefined;
  const hashes = ATX.exec(line)?.[1];
  if (hashes === undefined) return undefined;
  const title = plainTitle(line.trimStart().slice(hashes.length));
  return title === '' ? undefined : { level: hashes.length, title };
}

/** A heading's words without closing hashes, emphasis, code marks, tags and link targets. */
function plainTitle(markdown: string): string {
  return markdown
    .trim()
    .replace(/(?:^|[ \t])#+$/, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, '')
    .replace(/\*\*|__|[*`]/g, '')
    .trim();
}
