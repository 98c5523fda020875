import { lettersIn } from '../pdf-letters.ts';

/** Matches a consonant that stands alone, and is a word in hardly any language. */
const LONE = /(?<![\p{L}\p{N}'’.-])[bcdfghjlmnpqrtx](?![\p{L}\p{N}'’.-])/gu;
/** Fewest of them, and their least share of the words. With fewer, formulas may explain them. */
const MIN_LONE = 5;
const MIN_SHARE = 0.08;
/** Fewest letters of a line to look for. Shorter ones may stand in several places. */
const MIN_LETTERS = 8;

/**
 * Removes the blanks within words that another reader reads whole, as in `t he`. LiteParse takes some narrow letters
 * for the end of a word. A page needs the other reader only if letters stand alone.
 * @param reread reads the page with the other reader
 */
export async function withWholeWords(markdown: string, reread: () => Promise<string>): Promise<string> {
  const lone = markdown.match(LONE)?.length ?? 0;
  if (lone < MIN_LONE || lone < markdown.split(/\s+/).length * MIN_SHARE) return markdown;
  const { letters, starts, ends } = lettersIn(markdown);
  const cuts = new Set<number>();
  let from = 0;
  for (const line of (await reread()).split('\n')) {
    const whole = lettersIn(line);
    const { length } = whole.letters;
    if (length < MIN_LETTERS) continue;
    // The other reader's lines may come in another order.
    const below = letters.indexOf(whole.letters, from);
    const next = below === -1 ? letters.indexOf(whole.letters) : below;
    if (next === -1) continue;
    from = next + length;
    for (let at = 1; at < length; at++) {
      const [end = 0, start] = [ends[next + at - 1], starts[next + at]];
      if (whole.ends[at - 1] === whole.starts[at] && markdown.slice(end, start) === ' ') cuts.add(end);
    }
  }
  return Array.from({ length: markdown.length }, (_, at) => (cuts.has(at) ? '' : markdown[at])).join('');
}
