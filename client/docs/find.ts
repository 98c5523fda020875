/**
 * Finds an element of `root` by its selector.
 * @throws if there is none of the type, because then markup and code do not match
 */
export function find<T extends Element>(root: ParentNode, selector: string, type: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} at ${selector}.`);
  return found;
}
