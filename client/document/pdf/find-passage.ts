/** A stretch of an item of a page's text, in UTF-16 offsets. */
export interface ItemRange {
  item: number;
  start: number;
  end: number;
}

/** Shortest run of letters that counts as part of a passage. Shorter ones occur by chance. */
const SHORTEST_RUN = 16;

/** Letters and digits of texts, with the place of each. */
interface Letters {
  text: string;
  /** Item and offset of each letter. */
  items: number[];
  offsets: number[];
}

/**
 * Finds a passage among the items of a page's text. It compares letters and digits alone, because readers differ in blanks,
 * hyphens and marks. Readers differ in the order of columns and tables, too, so the passage may be found in several runs.
 * @param items texts as pdf.js gives them
 * @param passage text of a chunk, or what the page before lacks of it
 * @returns the found ranges in the order of the items, and what follows the last of them in the passage
 */
export function findPassage(
  items: readonly string[],
  passage: string,
): { ranges: ItemRange[]; rest: string } {
  const page = lettersOf(items);
  const wanted = lettersOf([passage]);
  const found = new Set<number>();
  let end = 0;
  for (let at = 0; at < wanted.text.length;) {
    const { place, length } = longestRun(page.text, wanted.text, at);
    const isWhole = length > 0 && length === wanted.text.length;
    if (length < SHORTEST_RUN && !isWhole) {
      at++;
      continue;
    }
    for (let i = 0; i < length; i++) found.add(place + i);
    at += length;
    end = at;
  }
  const ranges = toRanges(page, found);
  for (const range of ranges) widen(range, items[range.item] ?? '');
  const restOffset = end < wanted.text.length ? wanted.offsets[end] : passage.length;
  return { ranges, rest: passage.slice(restOffset) };
}

/** Finds the longest run of `wanted` from `at` on that the page has. @returns `length` 0 if it has none */
function longestRun(page: string, wanted: string, at: number): { place: number; length: number } {
  let best = { place: -1, length: 0 };
  const probe = wanted.slice(at, at + SHORTEST_RUN);
  for (let place = page.indexOf(probe); place >= 0; place = page.indexOf(probe, place + 1)) {
    let length = probe.length;
    while (at + length < wanted.length && page[place + length] === wanted[at + length]) length++;
    if (length > best.length) best = { place, length };
  }
  return best;
}

function lettersOf(texts: readonly string[]): Letters {
  const letters: Letters = { text: '', items: [], offsets: [] };
  const parts: string[] = [];
  for (const [item, text] of texts.entries()) {
    let offset = 0;
    for (const character of text) {
      // NFKC replaces ligatures and full-width letters.
      for (const letter of character
        .normalize('NFKC')
        .toLowerCase()
        .match(/[\p{L}\p{N}]/gu) ?? []) {
        parts.push(letter);
        for (let unit = 0; unit < letter.length; unit++) {
          letters.items.push(item);
          letters.offsets.push(offset);
        }
      }
      offset += character.length;
    }
  }
  letters.text = parts.join('');
  return letters;
}

function toRanges({ items, offsets }: Letters, found: ReadonlySet<number>): ItemRange[] {
  const ranges: ItemRange[] = [];
  let former = -2;
  for (const index of [...found].sort((a, b) => a - b)) {
    const item = items[index] ?? 0;
    const offset = offsets[index] ?? 0;
    const last = ranges.at(-1);
    if (last?.item === item && former === index - 1) last.end = offset + 1;
    else ranges.push({ item, start: offset, end: offset + 1 });
    former = index;
  }
  return ranges;
}

/** Adds the marks at the ends of an item, such as its last full stop. */
function widen(range: ItemRange, text: string): void {
  if (!/[\p{L}\p{N}]/u.test(text.slice(0, range.start))) range.start = 0;
  if (!/[\p{L}\p{N}]/u.test(text.slice(range.end))) range.end = text.length;
}
