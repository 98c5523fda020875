import { BlockBuilder } from '../blocks/block-builder.ts';
import type { Block } from '../blocks/block.ts';
import type { Reading } from '../blocks/reading.ts';
import { descendants, elementsIn, type XmlElement } from '../markup/xml-element.ts';
import { OdfBlocks } from './odf-blocks.ts';
import { OdfFile } from './odf-file.ts';
import { OdfSheets } from './odf-sheets.ts';

/** Elements that make up a text, each read as soon as it ends. */
const TEXT_PARTS = [
  'text:p',
  'text:h',
  'text:list',
  'text:section',
  'text:tracked-changes',
  'text:table-of-content',
  'text:table-index',
  'text:illustration-index',
  'text:object-index',
  'text:user-index',
  'text:alphabetical-index',
  'text:bibliography',
  'table:table',
  'draw:frame',
  'draw:g',
  'draw:custom-shape',
  'office:annotation',
  'office:forms',
  'office:scripts',
];

/** Reads an OpenDocument text: headers, content, footers. A header that repeats stands there once. */
export function* readOdt(bytes: Uint8Array, reading: Reading): Generator<Block> {
  const file = new OdfFile(bytes, reading);
  yield* runningHeads(file, reading, 'header');
  const builder = new BlockBuilder(reading.maxTextChars);
  const blocks = new OdfBlocks(file, reading, builder);
  for (const part of file.content(TEXT_PARTS)) {
    blocks.read(part);
    yield* builder.take();
  }
  yield* runningHeads(file, reading, 'footer');
}

/** Reads an OpenDocument presentation, slide by slide. A slide's title heads it, and its notes end it. */
export function* readOdp(bytes: Uint8Array, reading: Reading): Generator<Block> {
  const file = new OdfFile(bytes, reading);
  const builder = new BlockBuilder(reading.maxTextChars);
  const blocks = new OdfBlocks(file, reading, builder);
  const slides: Block[][] = [];
  for (const slide of file.content(['draw:page'])) {
    const isHidden = file.styles.hidesSlide(slide.attributes.get('draw:style-name'));
    if (!isHidden || reading.takesHidden()) readSlide(slide, builder, blocks);
    slides.push(builder.take());
  }
  yield* pages(slides);
}

/** Reads an OpenDocument spreadsheet, sheet by sheet. */
export function* readOds(bytes: Uint8Array, reading: Reading): Generator<Block> {
  const file = new OdfFile(bytes, reading);
  const builder = new BlockBuilder(reading.maxTextChars);
  const sheets = new OdfSheets(builder, new OdfBlocks(file, reading, builder), reading);
  const read: Block[][] = [];
  for (const sheet of file.content(['table:tracked-changes', 'table:table'])) {
    if (sheet.name !== 'table:table') continue;
    const isHidden = file.styles.hidesTable(sheet.attributes.get('table:style-name'));
    if (!isHidden || reading.takesHidden()) sheets.read(sheet);
    read.push(builder.take());
  }
  yield* pages(read);
}

function* pages(read: readonly Block[][]): Generator<Block> {
  for (const blocks of read) {
    yield { type: 'page', pages: read.length };
    yield* blocks;
  }
}

function readSlide(slide: XmlElement, builder: BlockBuilder, blocks: OdfBlocks): void {
  const isTitle = ({ attributes }: XmlElement) => attributes.get('presentation:class') === 'title';
  const shapes = elementsIn(slide);
  for (const title of shapes.filter(isTitle)) builder.heading(1, blocks.line(title));
  const isNotes = ({ name }: XmlElement) => name === 'presentation:notes';
  for (const shape of shapes.filter((shape) => !isTitle(shape) && !isNotes(shape))) blocks.read(shape);
  for (const notes of shapes.filter(isNotes)) blocks.read(notes);
}

function* runningHeads(file: OdfFile, reading: Reading, kind: 'header' | 'footer'): Generator<Block> {
  const builder = new BlockBuilder(reading.maxTextChars);
  const blocks = new OdfBlocks(file, reading, builder, true);
  const seen = new Set<string>();
  for (const part of file.masters.flatMap((master) => [...descendants(master)])) {
    if (!part.name.startsWith(`style:${kind}`) || part.attributes.get('style:display') === 'false') continue;
    blocks.within(part);
    for (const block of builder.take()) {
      const words = JSON.stringify(block);
      if (!seen.has(words)) yield block;
      seen.add(words);
    }
  }
}
