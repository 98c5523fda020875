import { elementsIn, type XmlElement } from '../markup/xml-element.ts';

const ALTERNATIVES = 'mc:AlternateContent';
/** Vocabularies whose newer forms the readers know, by their usual prefixes. */
const KNOWN = new Set('a a14 c dgm m p p14 pic r s v w wp wp14 wpc wpg wps x14 x15 xdr xdr14'.split(' '));
/** Matches the prefixes of newer charts: `cx`, `cx1`, `cx2` and so on. */
const NEWER_CHART = /^cx\d*$/;

/**
 * Returns the elements among the children. Where a file has the same content in several forms, it takes one: the first
 * that the readers know, or else the fallback. Without one it takes the first.
 */
export function contentOf(element: XmlElement): XmlElement[] {
  if (element.name === ALTERNATIVES) {
    const choices = elementsIn(element, 'mc:Choice');
    const form = choices.find(isKnown) ?? elementsIn(element, 'mc:Fallback')[0] ?? choices[0];
    return form ? contentOf(form) : [];
  }
  const children = elementsIn(element);
  if (children.every(({ name }) => name !== ALTERNATIVES)) return children;
  return children.flatMap((child) => (child.name === ALTERNATIVES ? contentOf(child) : [child]));
}

function isKnown({ attributes }: XmlElement): boolean {
  const needed = (attributes.get('Requires') ?? '').split(/\s+/).filter((prefix) => prefix !== '');
  return needed.every((prefix) => KNOWN.has(prefix) || NEWER_CHART.test(prefix));
}
