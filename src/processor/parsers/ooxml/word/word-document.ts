import { ProcessorError } from '../../../errors.ts';
import type { Reading } from '../../blocks/reading.ts';
import { openArchive, type Archive } from '../../markup/archive.ts';
import { readXml, readXmlTree } from '../../markup/read-xml.ts';
import type { XmlElement } from '../../markup/xml-element.ts';
import { folderOf, relationsOf, type Relation } from '../relations.ts';
import { Lists } from './lists.ts';
import { Styles } from './styles.ts';

/** Parts that may hold a document's words. Text pasted as a whole has a part of its own. */
const READ_PART =
  /^(?!customXml\/|docProps\/|word\/embeddings\/).*\.(?:xml|rels|html?|xhtml|mht|mhtml|txt|rtf|docx)$/i;
/** Main parts of documents without relationships. */
const MAIN_PART = /^word\/document\d*\.xml$/i;
const NOTES: Readonly<Record<string, { kind: string; element: string }>> = {
  'w:footnoteReference': { kind: 'footnotes', element: 'w:footnote' },
  'w:endnoteReference': { kind: 'endnotes', element: 'w:endnote' },
  'w:commentReference': { kind: 'comments', element: 'w:comment' },
};

/** A footnote, an endnote or a comment. */
export interface Note {
  part: string;
  element: XmlElement;
}

/** The parts of a Word document. */
export class WordDocument {
  readonly reading: Reading;
  readonly main: string;
  readonly styles: Styles;
  readonly lists: Lists;
  readonly #archive: Archive;
  readonly #relations = new Map<string, ReadonlyMap<string, Relation>>();
  /** Notes that no paragraph has taken, by their element and id. */
  readonly #notes = new Map<string, Map<string, Note>>();

  readonly #pasted = new Set<string>();
  readonly #isPasted: boolean;

  /**
   * @param isPasted whether it is a part of another document
   * @throws {ProcessorError} `encrypted`, `text_too_long`, or `corrupt` without a main part
   */
  constructor(bytes: Uint8Array, reading: Reading, isPasted = false) {
    this.reading = reading;
    this.#isPasted = isPasted;
    this.#archive = openArchive(bytes, (path) => READ_PART.test(path), reading.unpacking);
    this.main = this.#findMain();
    this.styles = new Styles(this.#elements('styles', ['w:style', 'w:docDefaults']));
    this.lists = new Lists(this.#elements('numbering', ['w:abstractNum', 'w:num']));
  }

  /** Returns a part as text; '' if there is none. */
  xml(part: string): string {
    return this.#archive.text(part) ?? '';
  }

  /** Returns a part that was pasted as a whole, the first time. A pasted document has none of its own. */
  takePasted(part: string): Buffer | undefined {
    const bytes = this.#isPasted || this.#pasted.has(part) ? undefined : this.#archive.bytes(part);
    this.#pasted.add(part);
    return bytes && Buffer.from(bytes);
  }

  /** Returns the path of the part that a part's relationship leads to. */
  target(part: string, relation: string): string | undefined {
    return this.#relationsOf(part).get(relation)?.path;
  }

  /** Returns the root of the part that a part's relationship leads to. */
  tree(part: string, relation: string): XmlElement | undefined {
    const target = this.target(part, relation);
    return target === undefined ? undefined : readXmlTree(this.xml(target), this.reading.elements);
  }

  /** Returns the paths of the main part's related parts of a kind. */
  partsOf(kind: string): string[] {
    const found = [...this.#relationsOf(this.main).values()].filter((relation) => relation.kind === kind);
    return [...new Set(found.map(({ path }) => path))];
  }

  /** Returns the note of a reference, the first time. Word shows no note twice. */
  takeNote(reference: XmlElement): Note | undefined {
    const source = NOTES[reference.name];
    if (!source) return undefined;
    let notes = this.#notes.get(source.kind);
    if (!notes) {
      notes = this.#readNotes(source.kind, source.element);
      this.#notes.set(source.kind, notes);
    }
    const id = reference.attributes.get('w:id') ?? '';
    const note = notes.get(id);
    notes.delete(id);
    return note;
  }

  #findMain(): string {
    const relations = relationsOf('', this.#archive, this.reading.elements).values();
    const named = [...relations].find(({ kind }) => kind === 'officeDocument')?.path ?? '';
    const main = this.#archive.bytes(named)
      ? named
      : this.#archive.paths.find((path) => MAIN_PART.test(path));
    if (main === undefined) throw new ProcessorError('corrupt');
    return main;
  }

  #relationsOf(part: string): ReadonlyMap<string, Relation> {
    let relations = this.#relations.get(part);
    if (!relations) {
      relations = relationsOf(part, this.#archive, this.reading.elements);
      this.#relations.set(part, relations);
    }
    return relations;
  }

  /** Returns the part of a kind. Without a relationship it has its usual name. */
  #partOf(kind: string): string {
    return this.partsOf(kind)[0] ?? `${folderOf(this.main)}${kind}.xml`;
  }

  #elements(kind: string, names: readonly string[]): Iterable<XmlElement> {
    return readXml(this.xml(this.#partOf(kind)), this.reading.elements, new Set(names));
  }

  #readNotes(kind: string, element: string): Map<string, Note> {
    const part = this.#partOf(kind);
    const notes = [...this.#elements(kind, [element])];
    return new Map(notes.map((note) => [note.attributes.get('w:id') ?? '', { part, element: note }]));
  }
}
