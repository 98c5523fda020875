import type { Block } from '../blocks/block.ts';
import { BlockBuilder } from '../blocks/block-builder.ts';
import type { Reading } from '../blocks/reading.ts';
import { oneLine } from '../markdown-writer.ts';
import { formulaText } from '../markup/formula.ts';
import { visitMarkup, type Tag } from '../markup/markup-tags.ts';
import type { XmlElement } from '../markup/xml-element.ts';
import { spansOf } from './cell-spans.ts';
import { languageOf } from './code-language.ts';
import { DrawingLines, STORED } from './drawing-lines.ts';
import { isHidden } from './hidden-element.ts';
import { HtmlList } from './html-list.ts';
import { ENDS_PARAGRAPH, OpenElements } from './open-elements.ts';

/** Elements for navigation or interaction. An unclosed one would hide the rest of the page. */
const SKIPPED = ['nav', 'select', 'button'];
/** Elements that browsers with scripts do not show, and ruby annotations with their brackets. */
const NOT_SHOWN = /^(?:title|script|style|template|noscript|noframes|datalist|rt|rp)$/;
const RUBY = /^r[tp]$/;
const HEADING = /^h[1-6]$/;
const CELL = /^t[dh]$/;
/** Elements of lists and tables that stand apart, too. */
const PART = /^(?:li|t[rdh])$/;
const LIST = /^(?:ul|ol|menu|dir)$/;
const CODE = /^(?:pre|listing|xmp|plaintext)$/;
/** Other elements whose words stand apart from those around them. */
const ENDS_LINE = /^(?:legend|label|textarea|option|output|caption|dt|dd)$/;
/** Stands for a line break among words. HTML treats this character as one, too. */
const LINE_BREAK = '\u2028';
/**
 * Reads the words, headings, lists and tables of an HTML page. It leaves out scripts, styles, navigation and hidden
 * elements. An element ends at its end tag, or where HTML implies one.
 * @throws {ProcessorError} `text_too_long`
 */
export function readHtml(html: string, reading: Reading): Block[] {
  const skipped = new Set(SKIPPED);
  const leftOut = new Set<number>();
  for (;;) {
    const reader = new HtmlReader(reading, skipped, leftOut);
    visitMarkup(html, reader);
    const result = reader.end();
    if (typeof result !== 'string') return result;
    skipped.delete(result);
  }
}

/** The open block, which takes the next words. */
type Open =
  | { kind: 'paragraph' }
  | { kind: 'heading'; level: number }
  | { kind: 'item'; mark: string }
  | { kind: 'code'; language: string | undefined };

class HtmlReader {
  readonly #reading: Reading;
  readonly #skipped: ReadonlySet<string>;
  readonly #leftOut: Set<number>;
  readonly #builder: BlockBuilder;
  readonly #elements = new OpenElements((name, depth) => this.#closed(name, depth));
  readonly #lists: HtmlList[] = [];
  readonly #lines = new DrawingLines();
  /** Elements of the open formula, outermost first. */
  readonly #formula: XmlElement[] = [];
  #open: Open = { kind: 'paragraph' };
  #words: string[] = [];
  /** Number of open elements around the one that is left out, and its name. */
  #out: { depth: number; name: string } | undefined;
  #unclosed: string | undefined;

  /** @param leftOut places of hidden elements that the reading has counted */
  constructor(reading: Reading, skipped: ReadonlySet<string>, leftOut: Set<number>) {
    this.#reading = reading;
    this.#skipped = skipped;
    this.#leftOut = leftOut;
    this.#builder = new BlockBuilder(reading.maxTextChars);
  }

  tag(tag: Tag): void {
    const { kind, name } = tag;
    // Browsers take this end tag for a line break.
    if (kind === 'closes' && name !== 'br') {
      const out = this.#out;
      this.#elements.close(name);
      if (out && out !== this.#out && out.name !== name) this.#noteUnclosed(out.name);
      return;
    }
    this.#reading.elements.spend();
    if (!this.#out && standsApart(name)) this.#endFormula();
    this.#elements.closeImplied(name);
    const depth = this.#elements.depth;
    const hasContent = kind === 'opens' && this.#elements.open(name);
    if (this.#out) return;
    if (hasContent && this.#isOut(tag)) {
      this.#out = { depth, name };
      if (!RUBY.test(name)) this.#words.push(' ');
      return;
    }
    this.#opened(tag);
    if (!hasContent) this.#closed(name, depth);
  }

  #isOut(tag: Tag): boolean {
    if (this.#skipped.has(tag.name) || NOT_SHOWN.test(tag.name)) return true;
    if (STORED.test(tag.name) && this.#elements.has('svg')) return true;
    if (!isHidden(tag)) return false;
    // A hidden drawing only stores icons that other drawings show.
    if (tag.name === 'svg' || this.#leftOut.has(tag.start)) return true;
    const isOut = !this.#reading.takesHidden();
    if (isOut) this.#leftOut.add(tag.start);
    return isOut;
  }

  text(text: string): void {
    if (this.#out) return;
    const formula = this.#formula.at(-1);
    if (formula) formula.children.push(text);
    else this.#words.push(text);
  }

  /** Returns the blocks, or the name of a skipped element that never ends. */
  end(): Block[] | string {
    if (this.#out) this.#noteUnclosed(this.#out.name);
    if (this.#unclosed !== undefined) return this.#unclosed;
    this.#elements.closeAll();
    this.#flush();
    return this.#builder.take();
  }

  /** Notes a skipped element without its end tag. */
  #noteUnclosed(name: string): void {
    if (this.#skipped.has(name)) this.#unclosed = name;
  }

  #opened({ name, attributes }: Tag): void {
    if (name === 'math' || this.#formula.length > 0) this.#openFormula(name, attributes);
    else if (name === 'br') this.#words.push(LINE_BREAK);
    else if (this.#open.kind === 'code') {
      if (name === 'code') this.#open.language ??= languageOf(attributes);
      this.#partCode(name);
    } else if (this.#lines.startsLine(name, attributes)) this.#words.push(' ');
    else if (name === 'img') this.#words.push(` ${altText(attributes)} `);
    else if (CODE.test(name)) {
      this.#flush();
      this.#open = { kind: 'code', language: languageOf(attributes) };
    } else if (LIST.test(name)) {
      this.#flush();
      this.#lists.push(new HtmlList(name, attributes));
    } else if (name === 'li') {
      this.#flush();
      this.#open = { kind: 'item', mark: this.#lists.at(-1)?.mark(attributes) ?? '-' };
    } else if (name === 'table') {
      this.#flush();
      this.#builder.openTable();
    } else if (name === 'tr') {
      this.#flush();
      this.#builder.openRow(this.#elements.has('thead'));
    } else if (CELL.test(name)) {
      this.#flush();
      this.#builder.openCell(spansOf(attributes));
    } else if (HEADING.test(name) && this.#open.kind !== 'item') {
      this.#flush();
      this.#open = { kind: 'heading', level: Number(name.slice(1)) };
    } else if (endsParagraph(name)) this.#endParagraph();
  }

  #openFormula(name: string, attributes: ReadonlyMap<string, string>): void {
    const element = { name, attributes, children: [] };
    this.#formula.at(-1)?.children.push(element);
    this.#formula.push(element);
  }

  /** Ends a formula without its end tag. */
  #endFormula(): void {
    while (this.#formula.length > 0) this.#elements.close('math');
  }

  /** Puts the blocks of code on lines of their own, and a blank between cells. */
  #partCode(name: string): void {
    const isLineStart = /(?:^|[\n\u2028])$/.test(this.#words.at(-1) ?? '');
    if (standsApart(name) && !isLineStart) this.#words.push(CELL.test(name) ? ' ' : LINE_BREAK);
  }

  #closed(name: string, depth: number): void {
    if (this.#out) {
      if (this.#out.depth === depth) this.#out = undefined;
      return;
    }
    if (this.#formula.length > 0) {
      const element = this.#formula.pop();
      if (element && this.#formula.length === 0) this.#words.push(` ${formulaText(element)} `);
      return;
    }
    if (this.#open.kind === 'code') {
      if (CODE.test(name)) this.#flush();
      else if (!CELL.test(name)) this.#partCode(name);
      return;
    }
    if (LIST.test(name)) {
      this.#flush();
      this.#lists.pop();
    } else if (CELL.test(name)) {
      this.#flush();
      this.#builder.closeCell();
    } else if (name === 'table') {
      this.#flush();
      this.#builder.closeTable();
    } else if (name === 'li' || (HEADING.test(name) && this.#open.kind === 'heading')) this.#flush();
    else if (name === 'text') this.#words.push(' ');
    else if (endsParagraph(name)) this.#endParagraph();
  }

  /** Ends a paragraph. Those of a heading or an item are words of it. */
  #endParagraph(): void {
    if (this.#open.kind === 'paragraph') this.#flush();
    else this.#words.push(' ');
  }

  #flush(): void {
    const words = this.#words.join('');
    const open = this.#open;
    this.#words = [];
    this.#open = { kind: 'paragraph' };
    if (open.kind === 'code') {
      this.#builder.code(words.replaceAll(LINE_BREAK, '\n').replace(/^\n/, ''), open.language);
      return;
    }
    const text = words.split(LINE_BREAK).map(oneLine).join('\n').trim();
    if (open.kind === 'heading') this.#builder.heading(open.level, text);
    else if (open.kind === 'item') this.#builder.item(Math.max(this.#lists.length - 1, 0), open.mark, text);
    else this.#builder.paragraph(text);
  }
}

function standsApart(name: string): boolean {
  return endsParagraph(name) || PART.test(name);
}

function endsParagraph(name: string): boolean {
  return ENDS_PARAGRAPH.test(name) || ENDS_LINE.test(name);
}

/** Returns the words that stand for an image. It leaves out the image's address, which Outlook repeats there. */
function altText(attributes: ReadonlyMap<string, string>): string {
  const words = attributes.get('alt') ?? '';
  return words === attributes.get('src') ? '' : words;
}
