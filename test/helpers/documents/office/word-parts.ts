import { Reading } from '../../../../src/processor/parsers/blocks/reading.ts';
import { writeBlocks } from '../../../../src/processor/parsers/blocks/write-blocks.ts';
import { readWord } from '../../../../src/processor/parsers/ooxml/word/word.ts';
import { relationships, WORD } from '../office-files.ts';

/** The text of a Word document, and how many hidden parts it lacks. */
export function readText(file: Uint8Array, includesHidden = false): { text: string; leftOut: number } {
  const reading = new Reading(20_000_000, includesHidden);
  const events = [...writeBlocks(readWord(file, reading), 20_000_000)];
  const text = events.map((event) => (event.type === 'segment' ? event.text : '')).join('');
  return { text, leftOut: reading.hiddenLeftOut };
}

/** A run of words. @param looks its properties */
export const wordRun = (text: string, looks = '') =>
  `<w:r><w:rPr>${looks}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;

/** A part with a root, such as `styles`. */
export const wordPart = (root: string, content: string) => `<w:${root} ${WORD}>${content}</w:${root}>`;

/** Relationships of the main part, with ids from `r1` on. @param targets their kinds and paths */
export const wordRelations = (...targets: readonly (readonly [kind: string, target: string])[]) => ({
  'word/_rels/document.xml.rels': relationships(targets),
});
