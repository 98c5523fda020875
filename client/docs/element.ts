/** Makes an element with attributes and content. Text goes into text nodes only. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string>,
  content: string | readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...(typeof content === 'string' ? [content] : content));
  return made;
}

/** Makes a text with `code` between backticks. */
export function prose(text: string): HTMLElement {
  const parts = text.split('`').map((part, place) => (place % 2 === 1 ? element('code', {}, part) : part));
  return element('p', {}, parts);
}
