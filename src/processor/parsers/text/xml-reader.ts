import type { Block } from '../blocks/block.ts';
import { BlockBuilder } from '../blocks/block-builder.ts';
import { spansOf } from '../html/cell-spans.ts';
import { oneLine } from '../markdown-writer.ts';
import { localName } from '../markup/xml-element.ts';
import {
  BLOCKS,
  CELLS,
  CODE,
  INLINE,
  isTitle,
  ITEMS,
  LINES,
  NOT_READ,
  PARAGRAPHS,
  ROWS,
  TABLES,
  TITLE_PAGES,
} from './xml-names.ts';

interface Element {
  name: string;
  parent: Element | undefined;
  /** The nearest element that is not inline: this one, or one around it. */
  block: Element;
  /** The outermost element whose words share a line with this one's. */
  line: Element;
  /** Number of titles in force around it. */
  level: number;
  isTitled: boolean;
  role: 'title' | 'code' | 'label' | 'skipped' | 'table' | 'block' | 'other';
}

/** Separates lines of a block. The text has no such character, because it is normalized. */
const LINE_BREAK = '\0';
/** Most elements around a title that belong to its page. */
const MAX_TITLE_PAGES = 10;
/** Stands around the root. */
const OUTSIDE = 'outside';

/**
 * Reads the elements and texts of XML as blocks. A paragraph belongs to the element in which its text begins. Elements
 * within are words of it, unless they are blocks. Neighbours with text alone are lines of one block.
 */
export class XmlReader {
  readonly #builder: BlockBuilder;
  readonly #open = new Map<string, number>();
  #top: Element = elementOf(OUTSIDE, undefined, 'other');
  #words: string[] = [];
  /** The element of the paragraph that is being written. */
  #owner: Element | undefined;
  /** The last element whose words may share a block with those of the next. */
  #before: Element | undefined;
  #label = '';
  #isItem = false;
  #table: Element | undefined;
  /** Words of the open cell. */
  #cell: string[] | undefined;
  /** Elements whose words are taken as they are: skipped, or within a title or code. */
  #taken: Element | undefined;

  /** @param maxTextChars most characters of all blocks; beyond it methods throw `text_too_long` */
  constructor(maxTextChars: number) {
    this.#builder = new BlockBuilder(maxTextChars);
  }

  open(tagName: string, attributes: ReadonlyMap<string, string>): void {
    const name = localName(tagName).toLowerCase();
    const role = this.#taken ? 'other' : this.#roleOf(name);
    const element = elementOf(name, this.#top, role);
    this.#top = element;
    this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
    if (this.#taken) {
      if (BLOCKS.has(name) || name === 'break') this.#words.push(' ');
    } else if (role === 'skipped') this.#taken = element;
    else if (this.#table) this.#openInTable(name, attributes);
    else this.#openElement(element, name);
  }

  #roleOf(name: string): Element['role'] {
    const parent = this.#top.name;
    if (NOT_READ.has(name) || (name === 'tex-math' && parent === 'alternatives')) return 'skipped';
    if (this.#table) return 'other';
    if (TABLES.has(name)) return 'table';
    if (CODE.has(name)) return 'code';
    if (this.#owner) return BLOCKS.has(name) ? 'block' : 'other';
    if (isTitle(name, parent)) return 'title';
    if (name === 'label') return 'label';
    return BLOCKS.has(name) || PARAGRAPHS.has(name) ? 'block' : 'other';
  }

  #openInTable(name: string, attributes: ReadonlyMap<string, string>): void {
    if (ROWS.has(name)) {
      this.#closeCell();
      this.#builder.openRow();
    } else if (CELLS.has(name)) {
      this.#closeCell();
      this.#builder.openCell(spansOf(attributes));
      this.#cell = [];
    } else if (BLOCKS.has(name) || name === 'break') this.#cell?.push(' ');
  }

  #closeCell(): void {
    if (!this.#cell) return;
    this.#builder.paragraph(oneLine(this.#cell.join('')));
    this.#builder.closeCell();
    this.#cell = undefined;
  }

  #openElement(element: Element, name: string): void {
    if (element.role === 'other') {
      if (name === 'br' || name === 'break') this.#words.push(LINE_BREAK);
      return;
    }
    this.#flush();
    if (ITEMS.has(name)) this.#isItem = true;
    if (element.role === 'table') {
      this.#writeLabel();
      this.#table = element;
      this.#builder.openTable();
    } else if (element.role === 'title' || element.role === 'code') this.#taken = element;
    else if (element.role === 'label' || PARAGRAPHS.has(name)) this.#owner = element;
  }

  close(tagName: string): void {
    const name = localName(tagName).toLowerCase();
    if ((this.#open.get(name) ?? 0) === 0) return;
    for (let closed; closed !== name && this.#top.parent;) {
      closed = this.#top.name;
      this.#closeTop(this.#top, this.#top.parent);
    }
  }

  #closeTop(element: Element, parent: Element): void {
    this.#top = parent;
    this.#open.set(element.name, (this.#open.get(element.name) ?? 1) - 1);
    if (this.#taken && this.#taken !== element) return;
    this.#taken = undefined;
    if (element.role === 'title') this.#writeTitle(element.parent);
    else if (element.role === 'code') this.#builder.code(this.#take());
    else if (element.role === 'table') {
      this.#closeCell();
      this.#table = undefined;
      this.#flush();
      this.#builder.closeTable();
    } else if (this.#table) {
      if (CELLS.has(element.name)) this.#closeCell();
    } else if (element.role === 'label') this.#label = oneLine(this.#take());
    else if (element.role === 'block') this.#flush();
    if (this.#owner === element) this.#owner = undefined;
  }

  text(text: string): void {
    if (this.#taken) {
      if (this.#taken.role !== 'skipped') this.#words.push(text);
    } else if (this.#cell) this.#cell.push(text);
    else this.#addWords(text);
  }

  #addWords(text: string): void {
    const { block } = this.#top;
    if (!this.#owner && text.trim() !== '') {
      const before = this.#before;
      if (before && before.parent !== block && before !== block) {
        if (before.line === block.line) this.#words.push(' ');
        else if (before.line.parent === block.line.parent) this.#words.push(LINE_BREAK);
        else this.#flush();
      }
      this.#owner = block;
      this.#before = block;
    }
    this.#words.push(text);
  }

  /** Closes all elements. Returns the blocks. */
  end(): Block[] {
    while (this.#top.parent) this.#closeTop(this.#top, this.#top.parent);
    this.#flush();
    this.#writeLabel();
    return this.#builder.take();
  }

  #take(): string {
    const words = this.#words.join('');
    this.#words = [];
    this.#before = undefined;
    return words;
  }

  #flush(): void {
    const lines = this.#take().split(LINE_BREAK).map(oneLine);
    this.#owner = undefined;
    const words = lines.filter((line) => line !== '').join('\n');
    if (words === '') return;
    if (this.#isItem) this.#builder.item(0, '-', this.#labelled(words));
    else this.#builder.paragraph(this.#labelled(words));
    this.#isItem = false;
  }

  #labelled(words: string): string {
    const label = this.#label;
    this.#label = '';
    return label === '' ? words : `${label} ${words}`;
  }

  #writeLabel(): void {
    this.#builder.paragraph(this.#labelled('').trim());
  }

  #writeTitle(parent: Element | undefined): void {
    let section = parent;
    for (
      let pages = 0;
      pages < MAX_TITLE_PAGES && section?.parent && TITLE_PAGES.has(section.name);
      pages++
    ) {
      // The parts of a title page stand below the title.
      if (!section.isTitled) section.level++;
      section = section.parent;
    }
    const words = oneLine(this.#take());
    if (!section || words === '') return;
    section.isTitled = true;
    this.#builder.heading(section.level + 1, this.#labelled(words));
  }
}

function elementOf(name: string, parent: Element | undefined, role: Element['role']): Element {
  const level = parent ? parent.level + (parent.isTitled ? 1 : 0) : 0;
  const element = { name, parent, level, isTitled: false, role } as Element;
  element.block = INLINE.has(name) && parent ? parent.block : element;
  element.line = parent && LINES.has(parent.name) ? parent.line : element;
  return element;
}
