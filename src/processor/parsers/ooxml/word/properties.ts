import { elementAt, type XmlElement } from '../../markup/xml-element.ts';

/** Largest number of Word's properties. */
const MAX_NUMBER = 32_767;

/** Returns the value of the element that a path of names leads to. */
export function valueAt(element: XmlElement | undefined, ...path: string[]): string | undefined {
  return elementAt(element, ...path)?.attributes.get('w:val');
}

/** Returns an element's value as a number; undefined outside of 0 to 32,767. */
export function numberAt(element: XmlElement | undefined, ...path: string[]): number | undefined {
  const value = valueAt(element, ...path);
  return value !== undefined && /^\d{1,5}$/.test(value) && Number(value) <= MAX_NUMBER
    ? Number(value)
    : undefined;
}

/** Returns whether a property is on; undefined if it is not set. */
export function isOn(element: XmlElement | undefined, ...path: string[]): boolean | undefined {
  const found = elementAt(element, ...path);
  return found && /^(?:1|true|on)$/.test(found.attributes.get('w:val') ?? '1');
}

/** Returns whether a paragraph goes on in the next: its end is deleted, or it is the large first letter. */
export function goesOn(properties: XmlElement | undefined): boolean {
  const mark = elementAt(properties, 'w:rPr');
  if (elementAt(mark, 'w:del') ?? elementAt(mark, 'w:moveFrom')) return true;
  const drop = elementAt(properties, 'w:framePr')?.attributes.get('w:dropCap');
  return drop === 'drop' || drop === 'margin';
}
