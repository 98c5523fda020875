import { find, stamp } from './dom.ts';

/** A passage of a document with its source, most important first: “0.82”, “paper.pdf”, “page 3”. */
export interface Passage {
  text: string;
  origin: readonly string[];
}

/** Makes the list item of a passage. Its words come from a document, so it shows them as text, never as markup. */
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
