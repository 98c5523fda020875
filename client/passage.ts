import { find, stamp } from './dom.ts';

/** A passage of a document, with the place where it begins. */
interface Passage {
  text: string;
  page?: number | undefined;
  heading?: string | undefined;
}

/**
 * Makes the list item of a passage. Its words come from a document, so it shows them as text, never as markup.
 * @param marks its source, most important first: “0.82”, “paper.pdf”. Page and heading follow
 */
export function passageItem({ text, page, heading }: Passage, ...marks: string[]): HTMLLIElement {
  const item = stamp('passage-template');
  find(item, '.text', HTMLParagraphElement).textContent = text;
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
