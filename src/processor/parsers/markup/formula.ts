import { elementsIn, localName, type XmlElement } from './xml-element.ts';

/** Elements of formulas that no reader sees: properties, notes about the formula, and deleted parts. */
const SKIPPED = /Pr$|^(?:annotation|annotation-xml|maligngroup|malignmark|mphantom|del|moveFrom)$/;
/** Stands between a function and its argument. */
const APPLIED = '\u2061';

type Writer = (parts: string[], element: XmlElement) => string;

const script =
  (...signs: string[]): Writer =>
  ([base = '', ...scripts]) =>
    base +
    scripts.map((part, index) => (part === '' ? '' : `${signs[index] ?? ''}${grouped(part)}`)).join('');
const fraction: Writer = ([over = '', under = '']) => `${grouped(over)}/${grouped(under)}`;

/** Writers by an element's local name. They get the parts within it as lines. */
const WRITERS: Readonly<Record<string, Writer>> = {
  msup: script('^'),
  mover: script('^'),
  msub: script('_'),
  munder: script('_'),
  msubsup: script('_', '^'),
  munderover: script('_', '^'),
  mfrac: fraction,
  msqrt: (parts) => `√(${parts.join('')})`,
  mroot: ([base = '', degree = '']) => `${degree}√(${base})`,
  mfenced: (parts, { attributes }) =>
    (attributes.get('open') ?? '(') +
    parts.join(attributes.get('separators')?.trim()[0] ?? ',') +
    (attributes.get('close') ?? ')'),
  mspace: () => ' ',
  mtr: (parts) => parts.join(' '),
  mtable: (parts) => parts.join('; '),
  sSup: script('^'),
  sSub: script('_'),
  limLow: script('_'),
  limUpp: script('^'),
  sSubSup: script('_', '^'),
  sPre: ([sub = '', sup = '', base = '']) => `_${grouped(sub)}^${grouped(sup)}${base}`,
  acc: ([base = ''], element) => base + (base.length === 1 ? (property(element, 'chr') ?? '\u0302') : ''),
  f: fraction,
  rad: ([degree = '', base = '']) => `${degree}√(${base})`,
  nary: ([sub = '', sup = '', base = ''], element) =>
    `${script('_', '^')([property(element, 'chr') ?? '∫', sub, sup], element)} ${base}`,
  d: (parts, element) =>
    `${property(element, 'begChr') ?? '('}${parts.join(property(element, 'sepChr') ?? '|')}${property(element, 'endChr') ?? ')'}`,
  func: (parts) => parts.join(' '),
  mr: (parts) => parts.join(' '),
  m: (parts) => parts.join('; '),
  eqArr: (parts) => parts.join('; '),
};

/** Writes a formula of Office (OMML) or MathML as one readable line, such as `m c^2` or `(a+b)/2`. */
export function formulaText(formula: XmlElement): string {
  return written(formula).replaceAll(APPLIED, ' ').replace(/\s+/g, ' ').trim();
}

function written(element: XmlElement): string {
  const name = localName(element.name);
  const writer = Object.hasOwn(WRITERS, name) ? WRITERS[name] : undefined;
  if (writer) {
    const parts = elementsIn(element).filter((part) => !SKIPPED.test(localName(part.name)));
    return writer(parts.map(written), element);
  }
  return element.children
    .map((child) => {
      if (typeof child !== 'string') return SKIPPED.test(localName(child.name)) ? '' : written(child);
      // Blanks between elements only indent the file.
      return child.trim() === '' && elementsIn(element).length > 0 ? '' : child;
    })
    .join('');
}

/** Returns the value of a property of Office, such as the sign of a sum. */
function property(element: XmlElement, name: string): string | undefined {
  const properties = elementsIn(element).find((part) => part.name.endsWith('Pr'));
  const found = elementsIn(properties).find((part) => localName(part.name) === name);
  return found?.attributes.get('m:val');
}

/** Puts several signs in brackets, unless they are one word or number. */
function grouped(part: string): string {
  const text = part.trim();
  return /^[\p{L}\p{N}.,′']*$/u.test(text) || text.length <= 1 || /^\([^()]*\)$/.test(text)
    ? text
    : `(${text})`;
}
