import { readFileSync } from 'node:fs';

/** A piece of a text that every format can show: a heading, a paragraph or a table with its header row. */
export type Block =
  | { heading: string; level: number }
  | { text: string }
  | { rows: readonly (readonly string[])[] };

/** Reads articles that were written by hand. @param name of a file in `articles`, without its ending */
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

/** Everything that a block says, in reading order. */
export function wordsOf(block: Block): string {
  if ('heading' in block) return block.heading;
  return 'text' in block ? block.text : block.rows.map((row) => row.join(' ')).join('\n');
}

/** The first blocks that together have so many characters. */
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
