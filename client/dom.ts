/**
 * Finds an element of `root` by its selector.
 * @throws if there is none of the type, because then markup and code do not match
 */
export function find<T extends Element>(root: ParentNode, selector: string, type: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} at ${selector}.`);
  return found;
}

/** Makes the list item of a `<template>`. */
export function stamp(templateId: string): HTMLLIElement {
  const { content } = find(document, `template#${templateId}`, HTMLTemplateElement);
  return find(document.importNode(content, true), 'li', HTMLLIElement);
}
