import { BlockBuilder } from '../../blocks/block-builder.ts';
import type { Block } from '../../blocks/block.ts';
import { commentText } from '../../blocks/comment-text.ts';
import { elementAt, type XmlElement } from '../../markup/xml-element.ts';
import { contentOf } from '../alternate-content.ts';
import { graphicBlocks } from '../graphic.ts';
import { drawnIn, type Drawn } from './drawings.ts';
import { Numbering } from './numbering.ts';
import { pastedBlocks } from './pasted.ts';
import { withoutTables, type Line } from './lines.ts';
import { goesOn, isOn, valueAt } from './properties.ts';
import { listIn, outlineLevel, type ListPlace, type StyleRole } from './styles.ts';
import { tableRows } from './table-rows.ts';
import { WordDocument, type Note } from './word-document.ts';
import { Words } from './words.ts';

/** Elements that are blocks of a story, or hold some in several forms, or deleted ones. */
const BLOCKS = new Set(
  'w:p w:tbl w:altChunk m:oMath m:oMathPara mc:AlternateContent w:del w:moveFrom'.split(' '),
);
/** Elements without blocks: properties, and what a tracked change has deleted or moved away. */
const UNREAD = /^w:(?:del|moveFrom|\w+Pr)$/;

/** A paragraph's words, with what stands among them. */
interface Content {
  text: string;
  standing: XmlElement[];
}

/** A paragraph that goes on in the next one. */
interface Held extends Content {
  properties: XmlElement | undefined;
}

/**
 * Reads a part as a story.
 * @param withoutPages whether to leave out the numbers of pages
 */
export function* readStory(document: WordDocument, part: string, withoutPages = false): Generator<Block> {
  const builder = new BlockBuilder(document.reading.maxTextChars);
  const story = new Story(document, part, builder, withoutPages);
  for (const element of document.archive.trees(part, BLOCKS)) {
    story.read(element);
    yield* builder.take();
  }
  story.end();
  yield* builder.take();
}

/** Reads a story of a document into blocks: the body, a note, a text box, a header. Each counts its own lists. */
class Story {
  readonly #document: WordDocument;
  readonly #part: string;
  readonly #builder: BlockBuilder;
  readonly #withoutPages: boolean;
  readonly #numbering = new Numbering();
  #held: Held | undefined;
  /** Levels of the list items that the next one may be below. */
  #levels: number[] = [];

  /** @param part path of the part with the story */
  constructor(document: WordDocument, part: string, builder: BlockBuilder, withoutPages = false) {
    this.#document = document;
    this.#part = part;
    this.#builder = builder;
    this.#withoutPages = withoutPages;
  }

  /** Reads an element and the blocks within. */
  read(element: XmlElement): void {
    switch (element.name) {
      case 'w:p':
      case 'm:oMath':
      case 'm:oMathPara':
        this.#paragraph(element);
        break;
      case 'w:tbl':
        this.#table(element);
        break;
      case 'w:altChunk':
        this.#pasted(element.attributes.get('r:id') ?? '');
        break;
      default:
        if (!UNREAD.test(element.name)) this.readAll(element);
    }
  }

  /** Reads the blocks within an element. */
  readAll(element: XmlElement): void {
    for (const child of contentOf(element)) this.read(child);
  }

  /** Ends the story, or a cell of it. */
  end(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#write(held.properties, held);
  }

  #paragraph(element: XmlElement): void {
    const properties = elementAt(element, 'w:pPr');
    const { text, standing } = this.#words(element, valueAt(properties, 'w:pStyle'));
    const content = { text: (this.#held?.text ?? '') + text, standing: this.#held?.standing ?? [] };
    for (const found of standing) content.standing.push(found);
    this.#held = undefined;
    if (goesOn(properties)) this.#held = { ...content, properties };
    else this.#write(properties, content);
  }

  #words(element: XmlElement, style: string | undefined): Words {
    const { styles, reading } = this.#document;
    const words = new Words({
      hides: (run) => styles.hides(run, style),
      takesHidden: () => reading.takesHidden(),
      withoutPages: this.#withoutPages,
    });
    if (element.name === 'w:p') words.add(element);
    else words.add({ name: 'w:p', attributes: new Map(), children: [element] });
    return words;
  }

  #write(properties: XmlElement | undefined, { text, standing }: Content): void {
    const role = this.#document.styles.role(valueAt(properties, 'w:pStyle'));
    const isEmpty = text.trim() === '';
    const isHidden = isEmpty && (isOn(properties, 'w:rPr', 'w:vanish') ?? role.hidden);
    const number = isHidden ? undefined : this.#number(properties, role);
    const heading = outlineLevel(properties) || role.heading || 0;
    if (!isEmpty) {
      if (heading > 0) {
        this.#levels = [];
        const mark = number && number.mark !== '-' ? `${number.mark} ` : '';
        this.#builder.heading(heading, mark + text);
      } else if (number) this.#builder.item(this.#depth(number.level), number.mark, text);
      else this.#builder.paragraph(text);
    }
    for (const element of standing) this.#place(element);
  }

  /** Counts a paragraph of a list, and returns its mark: `-` for a bullet. */
  #number(
    properties: XmlElement | undefined,
    { list: byStyle }: StyleRole,
  ): { mark: string; level: number } | undefined {
    const own = listIn(properties);
    const place: ListPlace | undefined =
      own?.level === undefined
        ? own || byStyle
          ? { ...byStyle, id: own?.id ?? byStyle?.id, level: byStyle?.level }
          : undefined
        : { id: own.id ?? byStyle?.id, level: own.level };
    const found = place && this.#document.lists.find(place);
    if (!found) return undefined;
    const { list, level } = found;
    const by = list?.levels.get(level);
    if (!list || !by || by.format === 'bullet') return { mark: '-', level };
    const mark = this.#numbering.next(list, level).trim();
    return mark === '' ? undefined : { mark, level };
  }

  #depth(level: number): number {
    while ((this.#levels.at(-1) ?? -1) >= level) this.#levels.pop();
    this.#levels.push(level);
    return this.#levels.length - 1;
  }

  #table(table: XmlElement): void {
    this.end();
    const rows = tableRows(table, () => this.#document.reading.takesHidden());
    if (rows.length === 0) return;
    this.#builder.openTable();
    for (const { isHeader, cells } of rows) {
      this.#builder.openRow(isHeader);
      for (const { parts, ...spans } of cells) {
        this.#levels = [];
        this.#builder.openCell(spans);
        for (const part of parts) this.readAll(part);
        this.end();
        this.#builder.closeCell();
      }
    }
    this.#builder.closeTable();
    this.#levels = [];
  }

  #pasted(relation: string): void {
    this.end();
    const part = this.#document.relationsOf(this.#part).get(relation)?.path;
    const bytes = part === undefined ? undefined : this.#document.takePasted(part);
    if (part === undefined || !bytes) return;
    const { reading } = this.#document;
    const readDocument = (inner: Buffer) => {
      const pasted = new WordDocument(inner, reading, true);
      return readStory(pasted, pasted.main);
    };
    for (const block of pastedBlocks(part, bytes, reading, readDocument))
      if (block.type !== 'page') this.#builder.add(block);
  }

  /** Places a note or a drawing after the paragraph in which it stands. */
  #place(element: XmlElement): void {
    if (!element.name.endsWith('Reference')) {
      for (const drawn of drawnIn(element)) this.#draw(drawn);
      return;
    }
    const note = this.#document.takeNote(element);
    if (!note) return;
    if (element.name !== 'w:commentReference') {
      for (const block of this.#noteBlocks(note)) this.#builder.note(block);
      return;
    }
    const author = note.element.attributes.get('w:author') ?? '';
    const text = this.#noteBlocks(note)
      .map((block) => block.text)
      .join('\n');
    if (text === '') return;
    this.#builder.note({ type: 'paragraph', text: commentText(author, text) });
  }

  #noteBlocks({ part, element }: Note): Line[] {
    const builder = new BlockBuilder(this.#document.reading.maxTextChars);
    const story = new Story(this.#document, part, builder);
    story.readAll(element);
    story.end();
    return withoutTables(builder.take());
  }

  #draw(drawn: Drawn): void {
    if (drawn.type === 'text') this.#builder.paragraph(drawn.text);
    else if (drawn.type === 'box') {
      const story = new Story(this.#document, this.#part, this.#builder, this.#withoutPages);
      story.readAll(drawn.element);
      story.end();
    } else {
      const relations = this.#document.relationsOf(this.#part);
      const blocks = graphicBlocks(drawn.element, relations, this.#document.archive);
      for (const block of blocks) this.#builder.add(block);
    }
  }
}
