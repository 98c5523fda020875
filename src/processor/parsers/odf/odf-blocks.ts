import type { BlockBuilder } from '../blocks/block-builder.ts';
import { commentText } from '../blocks/comment-text.ts';
import { numbersPage } from '../blocks/page-number.ts';
import type { Reading } from '../blocks/reading.ts';
import { elementAt, elementsIn, textIn, type XmlElement } from '../markup/xml-element.ts';
import { ListNumbers } from './list-marks.ts';
import type { OdfFile } from './odf-file.ts';
import { readObject, type OdfObject } from './odf-objects.ts';
import { OUTLINE, startValue, type ListLevel, type OdfStyles } from './odf-styles.ts';
import { rowsOf } from './odf-tables.ts';
import { altText, isNotShown, readWords, type Words } from './odf-words.ts';

/** Parts of a slide that it shares with the others. Each text of theirs stands there once. */
const REPEATED = new Set(['header', 'footer', 'date-time']);

/** A list that is open. */
interface OpenList {
  style: string;
  levels: readonly (ListLevel | undefined)[];
  numbers: ListNumbers;
  level: number;
}

/** Reads the elements of an OpenDocument file as blocks. */
export class OdfBlocks {
  readonly #file: OdfFile;
  readonly #styles: OdfStyles;
  readonly #reading: Reading;
  readonly #builder: BlockBuilder;
  /** Whether the words are those of a header or footer. */
  readonly #isHead: boolean;
  readonly #headings = new ListNumbers();
  /** Numbers of lists by their ids, and of the last one of each style, because a list may continue another. */
  readonly #lists = new Map<string, ListNumbers>();
  #list: OpenList | undefined;
  /** Texts of parts that slides share. */
  readonly #repeated = new Set<string>();
  readonly #objects = new Map<XmlElement, OdfObject | undefined>();

  constructor(file: OdfFile, reading: Reading, builder: BlockBuilder, isHead = false) {
    this.#file = file;
    this.#styles = isHead ? file.headStyles : file.styles;
    this.#reading = reading;
    this.#builder = builder;
    this.#isHead = isHead;
  }

  /** Reads the elements within one. */
  within(element: XmlElement): void {
    for (const child of elementsIn(element)) this.read(child);
  }

  /** Reads an element of any kind. */
  read(element: XmlElement): void {
    const { name } = element;
    if (isNotShown(name)) return;
    if (name === 'text:h' || name === 'text:p') this.#paragraph(element);
    else if (name === 'text:list') this.#readList(element);
    else if (name === 'text:section') this.#section(element);
    else if (name === 'table:table') this.#table(element);
    else if (name === 'office:annotation')
      this.#builder.note({ type: 'paragraph', text: this.comment(element) });
    else if (name.startsWith('draw:')) this.#drawing(element);
    else this.within(element);
  }

  /** Joins all paragraphs within an element to one line, with the words of their text boxes, notes and comments. */
  line(element: XmlElement): string {
    if (element.name === 'text:p' || element.name === 'text:h') {
      const { text, attached } = this.#words(element);
      const more = attached.map((part) => this.#attachedLine(part)).filter((words) => words !== '');
      return [text, ...more].join(' ');
    }
    if (isNotShown(element.name)) return '';
    return elementsIn(element)
      .map((child) => this.line(child))
      .join(' ');
  }

  /**
   * Reads a comment as one marked line; '' without words.
   * @param cell that has it, such as `B4`
   */
  comment(comment: XmlElement, cell = ''): string {
    const text = this.line(comment).trim();
    const creator = elementAt(comment, 'dc:creator');
    return text === '' ? '' : commentText(creator ? textIn(creator) : '', text, cell);
  }

  #attachedLine(element: XmlElement): string {
    if (element.name === 'office:annotation') return this.comment(element);
    if (this.#isLeftOut(element)) return '';
    const body = element.name === 'text:note' ? elementAt(element, 'text:note-body') : undefined;
    return this.line(body ?? element).trim();
  }

  #attached({ attached }: Words): void {
    for (const element of attached) {
      if (element.name === 'text:note') this.#note(elementAt(element, 'text:note-body') ?? element);
      else this.read(element);
    }
  }

  #words(paragraph: XmlElement): Words {
    return readWords(paragraph, {
      styles: this.#styles,
      reading: this.#reading,
      leavesPageNumbers: this.#isHead,
      inLine: (drawing) => this.#inLine(drawing),
    });
  }

  /** @param mark of the item that the paragraph begins */
  #paragraph(element: XmlElement, mark?: string): void {
    const style = element.attributes.get('text:style-name');
    if (this.#styles.hidesText('paragraph', style) && !this.#reading.takesHidden()) return;
    const words = this.#words(element);
    if (words.isHidden && !this.#reading.takesHidden()) return;
    if (words.hasPageNumber && numbersPage(words.text)) return;
    if (element.name === 'text:h') this.#heading(element, words.text, mark);
    else if (mark !== undefined && this.#list) this.#builder.item(this.#list.level, mark || '-', words.text);
    else if (this.#styles.isTitle(style)) this.#builder.heading(1, words.text);
    else this.#builder.paragraph(words.text);
    this.#attached(words);
  }

  #heading({ attributes }: XmlElement, text: string, mark?: string): void {
    const level = Math.max(Math.trunc(Number(attributes.get('text:outline-level') ?? 1)) || 1, 1);
    const isNumbered = !this.#list && attributes.get('text:is-list-header') !== 'true' && text.trim() !== '';
    const start = attributes.get('text:restart-numbering') === 'true' ? startValue(attributes) : undefined;
    const number = isNumbered
      ? this.#headings.next(this.#styles.list(OUTLINE), Math.min(level, 10) - 1, start)
      : (mark ?? '');
    this.#builder.heading(level, `${number} ${text}`.trim());
  }

  #section(section: XmlElement): void {
    const { attributes } = section;
    const isHidden =
      attributes.get('text:display') === 'none' ||
      (attributes.get('text:display') === 'condition' && attributes.get('text:is-hidden') === 'true');
    if (!isHidden || this.#reading.takesHidden()) this.within(section);
  }

  #readList(list: XmlElement): void {
    const around = this.#list;
    this.#list = this.#openList(list, around);
    for (const item of elementsIn(list)) {
      // The first paragraph has the mark. An item that begins with a list has none.
      let mark = item.name === 'text:list-item' ? undefined : '';
      let isFirst = true;
      for (const child of elementsIn(item)) {
        const isParagraph = child.name === 'text:p' || child.name === 'text:h';
        if (isParagraph && isFirst && mark === undefined) mark = this.#markOf(item, this.#list);
        if (isParagraph) this.#paragraph(child, isFirst && item.name === 'text:list-item' ? mark : undefined);
        else this.read(child);
        isFirst &&= child.name === 'text:soft-page-break' || child.name === 'text:number';
      }
    }
    this.#list = around;
  }

  #markOf(item: XmlElement, { levels, numbers, level }: OpenList): string {
    const mark = numbers.next(levels, level, startValue(item.attributes));
    const label = elementAt(item, 'text:number');
    // Some files keep the label that their program showed.
    return mark || (label ? textIn(label).trim() : '');
  }

  #openList({ attributes }: XmlElement, around: OpenList | undefined): OpenList {
    const style = attributes.get('text:style-name') ?? around?.style ?? '';
    const level = around ? around.level + 1 : 0;
    const continued =
      this.#lists.get(`#${attributes.get('text:continue-list') ?? ''}`) ??
      (attributes.get('text:continue-numbering') === 'true' ? this.#lists.get(style) : undefined);
    const numbers = around?.numbers ?? continued ?? new ListNumbers();
    if (!around) this.#lists.set(style, numbers);
    const id = attributes.get('xml:id');
    if (id !== undefined) this.#lists.set(`#${id}`, numbers);
    return { style, levels: this.#styles.list(style), numbers, level };
  }

  #table(table: XmlElement): void {
    const list = this.#list;
    this.#list = undefined;
    this.#builder.openTable();
    for (const { cells, isHeader } of rowsOf(table)) {
      this.#builder.openRow(isHeader);
      for (const { element, column, repeated, columnSpan, rowSpan } of cells) {
        for (let at = column; at < column + repeated; at++) {
          this.#builder.openCell({ column: at, columnSpan, rowSpan });
          this.within(element);
        }
      }
      this.#builder.closeCell();
    }
    this.#builder.closeTable();
    this.#list = list;
  }

  #note(body: XmlElement): void {
    const text = elementsIn(body).map((child) => this.line(child));
    for (const paragraph of text) this.#builder.note({ type: 'paragraph', text: paragraph });
  }

  #inLine(drawing: XmlElement): string | undefined {
    if (drawing.name !== 'draw:frame') return undefined;
    const object = this.#object(drawing);
    if (object) return object.formula;
    const holdsBlocks = elementAt(drawing, 'draw:text-box') ?? elementAt(drawing, 'table:table');
    return holdsBlocks ? undefined : altText(drawing);
  }

  #drawing(drawing: XmlElement): void {
    const { name } = drawing;
    if (this.#isLeftOut(drawing)) return;
    if (name !== 'draw:frame') {
      const alt = altText(drawing);
      if (alt !== '') this.#builder.paragraph(alt);
      return this.within(drawing);
    }
    const inLine = this.#inLine(drawing);
    const object = this.#object(drawing);
    if (inLine !== undefined) this.#builder.paragraph(inLine);
    else if (object?.title !== undefined) this.#builder.paragraph(object.title);
    for (const table of object?.tables ?? []) this.#table(table);
    if (!object) this.within(drawing);
  }

  /** Returns whether to leave a drawing out: the number of a page, what stands there already, or hidden words. */
  #isLeftOut(drawing: XmlElement): boolean {
    const { attributes } = drawing;
    const kind = attributes.get('presentation:class') ?? '';
    if (kind === 'page-number') return true;
    if (attributes.get('draw:display') === 'none' && !this.#reading.takesHidden()) return true;
    if (!REPEATED.has(kind)) return false;
    const words = textIn(drawing).trim();
    const isKnown = this.#repeated.has(words);
    this.#repeated.add(words);
    return isKnown;
  }

  #object(frame: XmlElement): OdfObject | undefined {
    if (!this.#objects.has(frame)) this.#objects.set(frame, readObject(frame, this.#file));
    return this.#objects.get(frame);
  }
}
