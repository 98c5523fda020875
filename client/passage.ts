import { find, stamp } from './dom.ts';

/** A stretch of a document, with where it comes from in order of weight: “0.82”, “paper.pdf”, “page 3”. */
export interface Passage {
  text: string;
  origin: readonly string[];
}

/** Makes the list item of a passage. What it says comes from a document: it is text, whatever it looks like. */
export function passageItem({ text, origin }: Passage): HTMLLIElement {
  const item = stamp('passage-template');
  find(item, '.text', HTMLParagraphElement).textContent = text;
  const marks = origin.map((words) => {
    const mark = document.createElement('span');
    mark.textContent = words;
    return mark;
  });
  find(item, '.origin', HTMLParagraphElement).replaceChildren(...marks);
  return item;
}
