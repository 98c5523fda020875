import { elementAt, elementsIn, type XmlElement } from '../markup/xml-element.ts';

/** Longest chain of parent styles. A style that is its own parent has no end. */
const MAX_DEPTH = 20;
/** Name of the list style that numbers headings. No other style has it. */
export const OUTLINE = '';

type Family = 'text' | 'paragraph' | 'table' | 'drawing-page' | 'graphic';

interface Style {
  parent: string | undefined;
  element: XmlElement;
}

/** How a level of a list marks its items. */
export interface ListLevel {
  /** Format of the number, such as `1`, `a` or `I`; '' for bullets and items without a number. */
  format: string;
  prefix: string;
  suffix: string;
  /** Levels that the number shows, its own included. */
  shownLevels: number;
  start: number;
}

/** Styles of an OpenDocument file, by family and name. */
export class OdfStyles {
  readonly #styles = new Map<string, Style>();
  readonly #lists = new Map<string, ListLevel[]>();

  /** Adds the styles within an element. Later ones replace those of the same name. */
  add(styles: XmlElement): void {
    for (const element of elementsIn(styles)) {
      const name = element.attributes.get('style:name') ?? '';
      if (element.name === 'style:style') {
        const parent = element.attributes.get('style:parent-style-name');
        this.#styles.set(key(element.attributes.get('style:family') ?? '', name), { parent, element });
      } else if (element.name === 'text:list-style') this.#lists.set(name, listLevels(element));
      else if (element.name === 'text:outline-style') this.#lists.set(OUTLINE, listLevels(element));
    }
  }

  /** Returns whether a style hides words. */
  hidesText(family: 'text' | 'paragraph', name: string | undefined): boolean {
    return this.#property(family, name, 'style:text-properties', 'text:display') === 'none';
  }

  hidesTable(name: string | undefined): boolean {
    return this.#property('table', name, 'style:table-properties', 'table:display') === 'false';
  }

  hidesSlide(name: string | undefined): boolean {
    const visibility = this.#property(
      'drawing-page',
      name,
      'style:drawing-page-properties',
      'presentation:visibility',
    );
    return visibility === 'hidden';
  }

  /** Returns whether a paragraph's style is the one of titles, or based on it. */
  isTitle(name: string | undefined): boolean {
    return [...this.#chain('paragraph', name)].some(([found]) => found === 'Title');
  }

  /** Returns the levels of a list style; none if it is not known. */
  list(name: string): readonly (ListLevel | undefined)[] {
    return this.#lists.get(name) ?? [];
  }

  #property(
    family: Family,
    name: string | undefined,
    properties: string,
    attribute: string,
  ): string | undefined {
    for (const [, { element }] of this.#chain(family, name)) {
      const value = elementAt(element, properties)?.attributes.get(attribute);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Yields a style and those that it is based on. */
  *#chain(family: Family, name: string | undefined): Generator<[name: string, Style]> {
    let next = name;
    for (let depth = 0; next !== undefined && depth < MAX_DEPTH; depth++) {
      const style = this.#styles.get(key(family, next));
      if (!style) return;
      yield [next, style];
      next = style.parent;
    }
  }
}

function key(family: string, name: string): string {
  return `${family} ${name}`;
}

function listLevels(style: XmlElement): ListLevel[] {
  const levels: ListLevel[] = [];
  for (const { name, attributes } of elementsIn(style)) {
    const level = Number(attributes.get('text:level'));
    if (!Number.isInteger(level) || level < 1 || level > 10) continue;
    const isNumber = name === 'text:list-level-style-number' || name === 'text:outline-level-style';
    levels[level - 1] = {
      format: isNumber ? (attributes.get('style:num-format') ?? '') : '',
      prefix: attributes.get('style:num-prefix') ?? '',
      suffix: attributes.get('style:num-suffix') ?? '',
      shownLevels: Number(attributes.get('text:display-levels') ?? 1) || 1,
      start: startValue(attributes) ?? 1,
    };
  }
  return levels;
}

/** Returns the number that an item or a level begins with, if it says so. */
export function startValue(attributes: ReadonlyMap<string, string>): number | undefined {
  const value = Number(attributes.get('text:start-value') ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
