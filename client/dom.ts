/**
 * Finds the one element of `root` that fits.
 * @throws where there is none of that type: the markup and the code have come apart
 */
export function find<T extends Element>(root: ParentNode, selector: string, type: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} at ${selector}.`);
  return found;
}

/** Makes the list item that a `<template>` of the page holds. */
export function stamp(templateId: string): HTMLLIElement {
  const { content } = find(document, `template#${templateId}`, HTMLTemplateElement);
  return find(document.importNode(content, true), 'li', HTMLLIElement);
}
