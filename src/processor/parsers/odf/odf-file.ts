import { ProcessorError } from '../../errors.ts';
import type { Reading } from '../blocks/reading.ts';
import { openArchive, type Archive } from '../markup/archive.ts';
import type { XmlElement } from '../markup/xml-element.ts';
import { OdfStyles } from './odf-styles.ts';

/** Content and styles of the document, and the content of the objects in it. */
const PARTS = /^(?:styles\.xml|META-INF\/manifest\.xml|(?:[^/]+\/)?content\.xml)$/;
const STYLES = ['office:styles', 'office:automatic-styles'];

/** An unpacked OpenDocument file. */
export class OdfFile {
  readonly #archive: Archive;
  /** Styles of the content. */
  readonly styles = new OdfStyles();
  /** Styles of headers and footers. */
  readonly headStyles = new OdfStyles();
  /** Headers and footers of each kind of page. */
  readonly masters: XmlElement[] = [];

  /** @throws {ProcessorError} `encrypted`, `text_too_long`, or `corrupt` */
  constructor(bytes: Uint8Array, reading: Reading) {
    this.#archive = openArchive(bytes, (path) => PARTS.test(path), reading);
    const isEncrypted = this.#trees('META-INF/manifest.xml', ['manifest:encryption-data']).next().value;
    if (isEncrypted) throw new ProcessorError('encrypted');
    for (const tree of this.#trees('styles.xml', [...STYLES, 'office:master-styles'])) {
      if (tree.name === 'office:master-styles') this.masters.push(tree);
      else this.headStyles.add(tree);
      if (tree.name === 'office:styles') this.styles.add(tree);
    }
  }

  /**
   * Reads the content as trees of the named elements, in their order. It adds the styles of the content to the others.
   * @throws {ProcessorError} `corrupt` if the file has no content
   */
  *content(names: readonly string[]): Generator<XmlElement> {
    if (this.#archive.bytes('content.xml') === undefined) throw new ProcessorError('corrupt');
    for (const tree of this.#trees('content.xml', [...names, 'office:automatic-styles'])) {
      if (tree.name === 'office:automatic-styles') this.styles.add(tree);
      else yield tree;
    }
  }

  /** Reads the named elements of an object in the document, such as a chart, by its path. */
  object(path: string, names: readonly string[]): XmlElement[] {
    return [...this.#trees(`${path.replace(/^\.\//, '')}/content.xml`, names)];
  }

  #trees(path: string, names: readonly string[]): Generator<XmlElement> {
    return this.#archive.trees(path, new Set(names));
  }
}
