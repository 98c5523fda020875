import { elementAt, type XmlElement } from '../../markup/xml-element.ts';
import { isOn, numberAt, valueAt } from './properties.ts';

const HEADING_NAME = /^heading ?([1-9])$/i;
const TITLE_NAME = /^title$/i;
/** Level of body text. Word counts levels from 0. */
const BODY_LEVEL = 9;
/** Longest chain of base styles. A style based on itself has no end. */
const MAX_DEPTH = 20;

/** Which list a paragraph belongs to. */
export interface ListPlace {
  /** Id of the list; '0' is none. */
  id: string | undefined;
  level: number | undefined;
  /** Style that says so. The list may tie a level to it. */
  style?: string;
}

/** Properties that a style gives a paragraph or a run. A missing one is not set. */
export interface StyleRole {
  /** Level of the heading from 1. */
  heading?: number | undefined;
  list?: ListPlace | undefined;
  hidden?: boolean | undefined;
}

/** The styles of a Word document. A style inherits its missing properties from its base style. */
export class Styles {
  readonly #styles: ReadonlyMap<string, XmlElement>;
  readonly #roles = new Map<string, StyleRole>();
  readonly #defaultStyle: string | undefined;
  readonly #hiddenByDefault: boolean;

  /** @param elements `w:style` and `w:docDefaults`, in any order */
  constructor(elements: Iterable<XmlElement>) {
    const all = [...elements];
    const styles = all.filter(({ name }) => name === 'w:style');
    this.#styles = new Map(styles.map((style) => [style.attributes.get('w:styleId') ?? '', style]));
    const defaults = all.find(({ name }) => name === 'w:docDefaults');
    this.#hiddenByDefault = isOn(defaults, 'w:rPrDefault', 'w:rPr', 'w:vanish') ?? false;
    const isDefault = ({ attributes }: XmlElement) =>
      attributes.get('w:type') === 'paragraph' && /^(?:1|true|on)$/.test(attributes.get('w:default') ?? '');
    this.#defaultStyle = styles.find(isDefault)?.attributes.get('w:styleId');
  }

  /** Returns the role of a style; by default that of paragraphs without one. */
  role(id = this.#defaultStyle): StyleRole {
    return id === undefined ? {} : this.#role(id, 0);
  }

  /**
   * Returns whether a run hides its words.
   * @param paragraphStyle id of its paragraph's style
   */
  hides(run: XmlElement, paragraphStyle: string | undefined): boolean {
    const properties = elementAt(run, 'w:rPr');
    const own = isOn(properties, 'w:vanish');
    if (own !== undefined) return own;
    const style = valueAt(properties, 'w:rStyle');
    const byStyle = style !== undefined && (this.role(style).hidden ?? false);
    // If both styles hide a run, it shows, because one toggles the other.
    return this.#hiddenByDefault || byStyle !== (this.role(paragraphStyle).hidden ?? false);
  }

  #role(id: string, depth: number): StyleRole {
    const known = this.#roles.get(id);
    if (known) return known;
    const style = this.#styles.get(id);
    if (!style) return withoutStyle(id);
    if (depth > MAX_DEPTH) return {};
    const base = valueAt(style, 'w:basedOn');
    const role = roleOf(id, style, base === undefined ? {} : this.#role(base, depth + 1));
    this.#roles.set(id, role);
    return role;
  }
}

/** Returns the level of a heading by a paragraph's properties. 0 is body text. */
export function outlineLevel(properties: XmlElement | undefined): number | undefined {
  const level = numberAt(properties, 'w:outlineLvl');
  if (level === undefined) return undefined;
  return level < BODY_LEVEL ? level + 1 : 0;
}

/** Returns the list in a paragraph's properties. */
export function listIn(properties: XmlElement | undefined): ListPlace | undefined {
  const list = elementAt(properties, 'w:numPr');
  return list && { id: valueAt(list, 'w:numId'), level: numberAt(list, 'w:ilvl') };
}

/** Returns the role of a built-in style of Word, by its id. A document may use it without defining it. */
function withoutStyle(id: string): StyleRole {
  const level = HEADING_NAME.exec(id)?.[1];
  if (level !== undefined) return { heading: Number(level) };
  return TITLE_NAME.test(id) ? { heading: 1 } : {};
}

function roleOf(id: string, style: XmlElement, base: StyleRole): StyleRole {
  const name = valueAt(style, 'w:name') ?? '';
  const properties = elementAt(style, 'w:pPr');
  const named = HEADING_NAME.exec(name)?.[1];
  const title = TITLE_NAME.test(name) ? 1 : undefined;
  const level = outlineLevel(properties);
  const heading = named === undefined ? level || (title ?? level ?? base.heading) : Number(named);
  const list = listOf(id, properties, base.list);
  const hidden = isOn(style, 'w:rPr', 'w:vanish') ?? base.hidden;
  return { heading, list, hidden };
}

/** Returns the list of a style. The style may change only the level of its base style's list. */
function listOf(
  id: string,
  properties: XmlElement | undefined,
  base: ListPlace | undefined,
): ListPlace | undefined {
  const own = listIn(properties);
  return own ? { id: own.id ?? base?.id, level: own.level, style: id } : base;
}
