import { articles, type Block } from './manuscript.ts';
import { Prose, TOPICS } from './prose.ts';

const SECTIONS_A_CHAPTER = 12;
const PARAGRAPHS_A_CHAPTER = 40;

/** Generates sections without end. @param tables how many of ten have one */
export function* report(seed: string, tables: number): Generator<Block> {
  for (const section of new Prose(seed).sections(2, tables)) yield* section;
}

/**
 * Mixes articles written by hand with generated sections on the same subjects.
 * @param level of the articles' headings
 */
export function* among(name: string, sections: number, level: number): Generator<Block> {
  const others = new Prose(name).sections(level, 1);
  for (const block of articles(name)) {
    if ('heading' in block && block.level === level) {
      for (let count = 0; count < sections; count++) yield* others.next().value;
    }
    yield block;
  }
  for (const section of others) yield* section;
}

/** Generates chapters without end, each of some sections. */
export function* chapters(seed: string): Generator<Block> {
  const sections = new Prose(seed).sections(2, 3);
  for (let chapter = 1; ; chapter++) {
    const title = TOPICS[chapter % TOPICS.length] ?? '';
    yield { level: 1, heading: `CHAPTER ${chapter} – ${title.toUpperCase()}` };
    for (let count = 0; count < SECTIONS_A_CHAPTER; count++) yield* sections.next().value;
  }
}

/** Generates a novel without end: chapters of narration and speech. */
export function* novel(seed: string): Generator<Block> {
  const prose = new Prose(seed);
  for (let chapter = 1; ; chapter++) {
    yield { level: 1, heading: `CHAPTER ${chapter}` };
    for (let paragraph = 0; paragraph < PARAGRAPHS_A_CHAPTER; paragraph++) {
      if (paragraph % 5 === 4) for (const text of prose.dialogue()) yield { text };
      else yield { text: prose.paragraph() };
    }
  }
}

/** Splits a text into parts that begin with a heading and have at least this number of blocks. */
export function parted(blocks: readonly Block[], size: number): Block[][] {
  const parts: Block[][] = [];
  for (const block of blocks) {
    const part = parts.at(-1);
    if (!part || (part.length >= size && 'heading' in block)) parts.push([block]);
    else part.push(block);
  }
  return parts;
}
