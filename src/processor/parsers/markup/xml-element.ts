/** An element of XML with its content. Names have the usual prefix of their vocabulary, as in `w:p`. */
export interface XmlElement {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: (XmlElement | string)[];
}

/** Returns the elements among the children, or those of a name. An absent element has none. */
export function elementsIn(element: XmlElement | undefined, name?: string): XmlElement[] {
  return (element?.children ?? []).filter(
    (child): child is XmlElement => typeof child !== 'string' && (name === undefined || child.name === name),
  );
}

/** Returns the first element that a path of names leads to. */
export function elementAt(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>(
    (found, name) =>
      found?.children.find((child): child is XmlElement => typeof child !== 'string' && child.name === name),
    element,
  );
}

/** Visits all elements within one, in their order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  const rest = elementsIn(element).toReversed();
  for (let next; (next = rest.pop());) {
    yield next;
    for (const child of elementsIn(next).toReversed()) rest.push(child);
  }
}

/** Returns a name without its prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Returns whether an attribute of Office is on. */
export function isSet(element: XmlElement | undefined, attribute: string): boolean {
  return /^(?:1|true)$/.test(element?.attributes.get(attribute) ?? '');
}

/** Returns the text that stands directly within an element. */
export function ownText(element: XmlElement | undefined): string {
  return (element?.children ?? []).filter((child) => typeof child === 'string').join('');
}

/** Returns all text within an element. */
export function textIn(element: XmlElement): string {
  let text = '';
  const rest = element.children.toReversed();
  for (let next; (next = rest.pop()) !== undefined;) {
    if (typeof next === 'string') text += next;
    else for (let at = next.children.length - 1; at >= 0; at--) rest.push(next.children[at] ?? '');
  }
  return text;
}
