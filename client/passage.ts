import { find, stamp } from './dom.ts';

/** A passage of a document, with the place where it begins. */
interface Passage {
  text: string;
  page?: number | undefined;
  heading?: string | undefined;
  /** UTF-16 offsets of the words to mark, in order. */
  matches?: readonly { start: number; end: number }[];
}

/**
 * Makes the list item of a passage. Its words come from a document, so it shows them as text, never as markup.
 * @param marks its source, most important first: “0.82”, “paper.pdf”. Page and heading follow
 */
export function passageItem(
  { text, page, heading, matches = [] }: Passage,
  ...marks: string[]
): HTMLLIElement {
  const item = stamp('passage-template');
  find(item, '.text', HTMLParagraphElement).replaceChildren(...withMarks(text, matches));
  if (page !== undefined) marks.push(`page ${page}`);
  if (heading !== undefined) marks.push(heading);
  const origin = marks.map((words) => {
    const mark = document.createElement('span');
    mark.textContent = words;
    return mark;
  });
  find(item, '.origin', HTMLParagraphElement).replaceChildren(...origin);
  return item;
}

/** Splits a text into its marked words and what stands between them. */
function withMarks(text: string, matches: NonNullable<Passage['matches']>): (string | HTMLElement)[] {
  let last = 0;
  const nodes = matches.flatMap(({ start, end }) => {
    const word = document.createElement('mark');
    word.textContent = text.slice(start, end);
    const between = text.slice(last, start);
    last = end;
    return [between, word];
  });
  return [...nodes, text.slice(last)];
}
