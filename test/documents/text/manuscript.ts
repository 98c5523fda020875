import { readFileSync } from 'node:fs';

/** A piece of text that every format can show: a heading, a paragraph, or a table with its header row. */
export type Block =
  | { heading: string; level: number }
  | { text: string }
  | { rows: readonly (readonly string[])[] };

/** Reads articles written by hand. @param name of a file in `articles`, without its ending */
export function articles(name: string): Block[] {
  const text = readFileSync(new URL(`articles/${name}.md`, import.meta.url), 'utf8');
  return text
    .trim()
    .split(/\n{2,}/)
    .map((piece) => {
      const [, marks, heading] = /^(#+) (.+)$/.exec(piece) ?? [];
      return marks && heading ? { heading, level: marks.length } : { text: piece };
    });
}

/** Returns a block's text in reading order. */
export function wordsOf(block: Block): string {
  if ('heading' in block) return block.heading;
  return 'text' in block ? block.text : block.rows.map((row) => row.join(' ')).join('\n');
}

/** Takes the first blocks that together have this number of characters. */
export function take(blocks: Iterable<Block>, characters: number): Block[] {
  const taken: Block[] = [];
  let length = 0;
  for (const block of blocks) {
    if (length >= characters) break;
    taken.push(block);
    length += wordsOf(block).length;
  }
  return taken;
}
