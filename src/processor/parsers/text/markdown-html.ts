import { Reading } from '../blocks/reading.ts';
import { toMarkdown } from '../blocks/write-blocks.ts';
import { readHtml } from '../html/html.ts';
import { visitMarkup, type Tag } from '../markup/markup-tags.ts';
import { ENDS_PARAGRAPH } from '../html/open-elements.ts';
import { codeBlock, heading } from '../markdown-writer.ts';
import { fenceAfter } from '../outline.ts';
import { codeEnd, lineEnd, tagEnd } from './markdown-marks.ts';

/** Characters that may begin code, a tag, an escape or a line. */
const MARKS = /[\\`<\n]/g;
const TAG_START = /<\/?([a-z][a-z0-9-]*)(?=[\s/>])/iy;
const CLOSING_TAG = /<\/([a-z][a-z0-9-]*)\s*>/gi;
const INDENTED = /^(?: {4}| {0,3}\t)/;
const LIST_ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s/;

/** Elements without an end tag, or with one that authors leave out. */
const UNCLOSED = /^(?:br|hr|img|wbr|p|li|td|th|tr|dt|dd|input|source|col|link|meta)$/;
/** Elements whose content is no text of the page. */
const NOT_READ = /^(?:script|style|svg|template|noscript)$/;
const HEADING = /^h([1-6])$/;
const CELL = /^t[dh]$/;
const BLOCK = /^(?:tr|li|dt|dd|summary|caption|thead|tbody|tfoot)$/;

/** Longest heading in HTML, in characters. A longer one is unclosed. */
const MAX_HEADING_CHARS = 2000;
/** Characters to look at on both sides of a tag, to see whether it stands alone on its line. */
const ENDING_CHARS = 100;
const BLANK_REST = /^[ \t]*(?:\n|$)/;
const BLANK_LINES = /(?:[ \t]*\n)+/y;
const LINE_BEFORE_BLANK = /[ \t]*\n(?=[ \t]*\n)/y;
const BLANK_LINE = /(?:^|\n[ \t]*\n)[ \t]*$/;

/**
 * Removes the tags and comments of HTML from Markdown. Tables and headings of HTML become Markdown's. Code and
 * addresses in angle brackets stay. So does a name in angle brackets that nothing shows to be a tag, such as `<T>`.
 * Hidden elements stay, too, because programs show Markdown by rules of their own.
 */
export function withoutHtml(markdown: string): string {
  return markdown.includes('<') ? new HtmlRemover(markdown).read() : markdown;
}

class HtmlRemover {
  readonly #source: string;
  /** Names of elements that are closed somewhere. */
  readonly #closed: ReadonlySet<string>;
  /** Next places of end tags, and of the end of comments; -1 if the rest has none. */
  readonly #found = new Map<string, number>();
  readonly #texts: string[] = [];
  /** The last characters of the text. */
  #ending = '';
  /** Start of the text that is not yet taken. */
  #from = 0;

  constructor(source: string) {
    this.#source = source;
    this.#closed = new Set(Array.from(source.matchAll(CLOSING_TAG), ([, name = '']) => name.toLowerCase()));
  }

  read(): string {
    const source = this.#source;
    let fence: string | undefined;
    let afterBlank = true;
    let inList = false;
    for (let at = 0, lineStart = true; at < source.length;) {
      if (lineStart) {
        const end = lineEnd(source, at);
        const line = source.slice(at, end);
        const isFenced = fence !== undefined;
        fence = fenceAfter(line, fence);
        const isIndented: boolean = INDENTED.test(line) && afterBlank && !inList;
        if (LIST_ITEM.test(line)) inList = true;
        else if (/^\S/.test(line)) inList = false;
        // Code goes on over blank lines, and over lines that are set in.
        afterBlank = line.trim() === '' || (isIndented && afterBlank);
        if (isFenced || fence !== undefined || isIndented) {
          at = end + 1;
          continue;
        }
      }
      MARKS.lastIndex = at;
      const mark = MARKS.exec(source);
      if (!mark) break;
      at = this.#pass(mark[0], mark.index);
      lineStart = source[at - 1] === '\n';
    }
    return this.#texts.join('') + source.slice(this.#from);
  }

  /** Passes what a mark begins. Returns its end. */
  #pass(mark: string, at: number): number {
    if (mark === '\\') return this.#source[at + 1] === '\n' ? at + 1 : at + 2;
    if (mark === '`') return codeEnd(this.#source, at);
    if (mark === '\n') return at + 1;
    if (this.#source.startsWith('<!--', at)) {
      const close = this.#find('-->', at);
      return close === -1 ? at + 1 : this.#replace(at, close + '-->'.length, '');
    }
    const tag = this.#tagAt(at);
    return tag ? this.#passTag(tag) : at + 1;
  }

  #tagAt(at: number): Tag | undefined {
    TAG_START.lastIndex = at;
    const name = TAG_START.exec(this.#source)?.[1]?.toLowerCase();
    const end = name === undefined ? -1 : tagEnd(this.#source, at);
    if (end === -1) return undefined;
    let found: Tag | undefined;
    visitMarkup(this.#source.slice(at, end), { tag: (tag) => (found ??= tag) });
    if (!found || name === undefined) return undefined;
    const isTag =
      found.kind === 'closes' ||
      this.#closed.has(name) ||
      UNCLOSED.test(name) ||
      [...found.attributes.values()].some((value) => value !== '');
    return isTag ? { ...found, start: at, end } : undefined;
  }

  #passTag({ kind, name, attributes, start, end }: Tag): number {
    const close = kind === 'opens' ? this.#closeOf(name, end) : undefined;
    const within = close ? this.#source.slice(end, close.start) : '';
    const level = HEADING.exec(name)?.[1];
    if (close && NOT_READ.test(name)) return this.#replace(start, close.end, '');
    if (close && name === 'pre') return this.#replaceBlock(start, close.end, codeBlock(wordsOf(within)));
    if (close && level !== undefined && within.length <= MAX_HEADING_CHARS)
      return this.#replaceBlock(start, close.end, heading(Number(level), wordsOf(within)));
    // Between blank lines stands Markdown.
    if (close && name === 'table' && !/\n[ \t]*\n|<table/i.test(within))
      return this.#replaceBlock(
        start,
        close.end,
        toMarkdown(readHtml(this.#source.slice(start, close.end), new Reading(Infinity, true)), Infinity),
      );
    if (name === 'img') return this.#replace(start, end, attributes.get('alt') ?? '');
    if (name === 'br' || CELL.test(name)) return this.#replace(start, end, ' ');
    return this.#replace(start, end, isBlock(name) ? '\n' : '');
  }

  #closeOf(name: string, from: number): { start: number; end: number } | undefined {
    if (!(NOT_READ.test(name) || HEADING.test(name) || name === 'pre' || name === 'table')) return undefined;
    const start = this.#find(`</${name}`, from);
    const end = start === -1 ? 0 : this.#source.indexOf('>', start) + 1;
    return end === 0 ? undefined : { start, end };
  }

  /** Finds a mark in either case. It searches no stretch twice. */
  #find(mark: string, from: number): number {
    const known = this.#found.get(mark);
    if (known === -1 || (known !== undefined && known >= from)) return known;
    const pattern = new RegExp(mark, 'gi');
    pattern.lastIndex = from;
    const found = pattern.exec(this.#source)?.index ?? -1;
    this.#found.set(mark, found);
    return found;
  }

  #replaceBlock(start: number, end: number, block: string): number {
    this.#write(this.#source.slice(this.#from, start));
    this.#from = end;
    if (block === '') return end;
    if (!this.#isLineEmpty()) this.#write('\n');
    if (this.#ending.trim() !== '' && !this.#ending.endsWith('\n\n')) this.#write('\n');
    // A blank line ends a table or a heading.
    this.#write(BLANK_REST.test(this.#restAt(end)) ? block : `${block}\n\n`);
    return end;
  }

  #replace(start: number, end: number, by: string): number {
    this.#write(this.#source.slice(this.#from, start));
    this.#from = end;
    const isRestEmpty = BLANK_REST.test(this.#restAt(end));
    if (by === '\n' || by === ' ') this.#write(this.#isLineEmpty() || isRestEmpty ? '' : by);
    else this.#write(by);
    // A line of tags alone leaves one blank line at most.
    if (by.trim() === '' && isRestEmpty && this.#isLineEmpty()) {
      const isAfterBlank = BLANK_LINE.test(this.#ending);
      const rest = isAfterBlank ? BLANK_LINES : LINE_BEFORE_BLANK;
      rest.lastIndex = end;
      this.#from += rest.exec(this.#source)?.[0].length ?? 0;
    }
    return this.#from;
  }

  #write(text: string): void {
    this.#texts.push(text);
    this.#ending = (this.#ending + text.slice(-ENDING_CHARS)).slice(-ENDING_CHARS);
  }

  #isLineEmpty(): boolean {
    return this.#ending.slice(this.#ending.lastIndexOf('\n') + 1).trim() === '';
  }

  /** Returns the rest of the line, if it may be blank. */
  #restAt(at: number): string {
    return this.#source.slice(at, at + ENDING_CHARS);
  }
}

function isBlock(name: string): boolean {
  return ENDS_PARAGRAPH.test(name) || BLOCK.test(name);
}

/** The words of HTML. */
function wordsOf(html: string): string {
  let words = '';
  visitMarkup(html, {
    tag: ({ name, attributes }) =>
      (words += attributes.get('alt') ?? (isBlock(name) || name === 'br' ? '\n' : '')),
    text: (text) => (words += text),
  });
  return words;
}
