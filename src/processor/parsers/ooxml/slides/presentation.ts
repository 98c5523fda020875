import { ProcessorError } from '../../../errors.ts';
import type { Block } from '../../blocks/block.ts';
import { BlockBuilder } from '../../blocks/block-builder.ts';
import type { Reading } from '../../blocks/reading.ts';
import { openArchive, type Archive } from '../../markup/archive.ts';
import { elementAt, elementsIn, type XmlElement } from '../../markup/xml-element.ts';
import { mainPart, pathsOf, relationsOf, type Relations } from '../relations.ts';
import { addSlide, type SlideParts } from './slide.ts';
import { slideAuthors, slideComments } from './slide-comments.ts';

/** Parts with words that a slide shows, or that belong to it. */
const WANTED = /^(?!ppt\/(?:slideMasters|slideLayouts|notesMasters|theme)\/).*\.(?:xml|rels)$/i;
const SLIDE = /^ppt\/slides\/[^/]*?(\d*)\.xml$/i;

/** Parts and limits that the slides share. */
interface Show extends Omit<SlideParts, 'relations'> {
  /** Names of those who comment, by their ids. */
  authors: ReadonlyMap<string, string>;
}

/** Reads a presentation. Its slides are its pages, with their notes and comments. A hidden slide is an empty page. */
export function* readPresentation(bytes: Buffer, reading: Reading): Generator<Block> {
  const archive = openArchive(bytes, (path) => WANTED.test(path), reading);
  const path = mainPart(archive) ?? 'ppt/presentation.xml';
  const root = archive.tree(path);
  if (!root) throw new ProcessorError('corrupt');
  const relations = relationsOf(path, archive);
  const authors = slideAuthors(relations, archive);
  const slides = slidePaths(root, relations, archive);
  const builder = new BlockBuilder(reading.maxTextChars);
  const repeated = new Set<string>();
  for (const slide of slides) {
    builder.page(slides.length);
    addPage(slide, { authors, archive, reading, repeated }, builder);
    yield* builder.take();
  }
}

/** Returns the slides in the order of the show. If it names none, they come by their numbers. */
function slidePaths(presentation: XmlElement, relations: Relations, archive: Archive): string[] {
  const shown = elementsIn(elementAt(presentation, 'p:sldIdLst'), 'p:sldId')
    .map(({ attributes }) => relations.get(attributes.get('r:id') ?? '')?.path ?? '')
    .filter((path) => archive.bytes(path));
  if (shown.length > 0) return shown;
  const number = (path: string) => Number(SLIDE.exec(path)?.[1] ?? 0);
  return archive.paths.filter((path) => SLIDE.test(path)).toSorted((a, b) => number(a) - number(b));
}

function addPage(path: string, { authors, ...show }: Show, builder: BlockBuilder): void {
  const { archive, reading } = show;
  const slide = archive.tree(path);
  if (!slide) return;
  if (/^(?:0|false)$/.test(slide.attributes.get('show') ?? '') && !reading.takesHidden()) return;
  const relations = relationsOf(path, archive);
  addSlide(slide, { ...show, relations }, builder);
  for (const notesPath of pathsOf('notesSlide', relations)) {
    const notes = archive.tree(notesPath);
    if (notes) addSlide(notes, { ...show, relations: relationsOf(notesPath, archive) }, builder);
  }
  for (const text of slideComments(relations, authors, archive)) builder.paragraph(text);
}
