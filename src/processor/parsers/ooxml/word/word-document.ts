import { ProcessorError } from '../../../errors.ts';
import type { Reading } from '../../blocks/reading.ts';
import { openArchive, type Archive } from '../../markup/archive.ts';
import type { XmlElement } from '../../markup/xml-element.ts';
import { folderOf, mainPart, pathsOf, relationsOf, type Relations } from '../relations.ts';
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
  readonly archive: Archive;
  readonly main: string;
  readonly styles: Styles;
  readonly lists: Lists;
  readonly #relations = new Map<string, Relations>();
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
    this.archive = openArchive(bytes, (path) => READ_PART.test(path), reading);
    this.main = this.#findMain();
    this.styles = new Styles(this.#elements('styles', ['w:style', 'w:docDefaults']));
    this.lists = new Lists(this.#elements('numbering', ['w:abstractNum', 'w:num']));
  }

  /** Returns a part that was pasted as a whole, the first time. A pasted document has none of its own. */
  takePasted(part: string): Buffer | undefined {
    const bytes = this.#isPasted || this.#pasted.has(part) ? undefined : this.archive.bytes(part);
    this.#pasted.add(part);
    return bytes && Buffer.from(bytes);
  }

  relationsOf(part: string): Relations {
    const relations = this.#relations.get(part) ?? relationsOf(part, this.archive);
    this.#relations.set(part, relations);
    return relations;
  }

  /** Returns the paths of the main part's related parts of a kind. */
  partsOf(kind: string): string[] {
    return [...new Set(pathsOf(kind, this.relationsOf(this.main)))];
  }

  /** Returns the note of a reference, the first time. Word shows no note twice. */
  takeNote(reference: XmlElement): Note | undefined {
    const source = NOTES[reference.name];
    if (!source) return undefined;
    const notes = this.#notes.get(source.kind) ?? this.#readNotes(source.kind, source.element);
    this.#notes.set(source.kind, notes);
    const id = reference.attributes.get('w:id') ?? '';
    const note = notes.get(id);
    notes.delete(id);
    return note;
  }

  #findMain(): string {
    const named = mainPart(this.archive) ?? '';
    const main = this.archive.bytes(named) ? named : this.archive.paths.find((path) => MAIN_PART.test(path));
    if (main === undefined) throw new ProcessorError('corrupt');
    return main;
  }

  /** Returns the part of a kind. Without a relationship it has its usual name. */
  #partOf(kind: string): string {
    return this.partsOf(kind)[0] ?? `${folderOf(this.main)}${kind}.xml`;
  }

  #elements(kind: string, names: readonly string[]): Iterable<XmlElement> {
    return this.archive.trees(this.#partOf(kind), new Set(names));
  }

  #readNotes(kind: string, element: string): Map<string, Note> {
    const part = this.#partOf(kind);
    const notes = [...this.#elements(kind, [element])];
    return new Map(notes.map((note) => [note.attributes.get('w:id') ?? '', { part, element: note }]));
  }
}
