import { elementAt, type XmlElement } from '../../markup/xml-element.ts';
import { contentOf } from '../alternate-content.ts';
import { isOn, numberAt, valueAt } from './properties.ts';
import type { ListPlace } from './styles.ts';

/** Levels of a list. */
export const LEVELS = 9;

/** How a list numbers the paragraphs of a level. */
export interface ListLevel {
  format: string;
  /** Text around the numbers, as in `%1.%2)`. */
  text: string;
  start: number;
  /** A paragraph of a level below this number starts the count again. Levels count from 0. */
  restartBelow: number;
  /** Whether all numbers are in digits. */
  isLegal: boolean;
  style: string | undefined;
}

export interface List {
  id: string;
  /** Lists with the same key count on. */
  key: string;
  levels: ReadonlyMap<number, ListLevel>;
  /** Starts of levels whose count begins again with this list. */
  starts: ReadonlyMap<number, number>;
}

/** The lists of a Word document, from its part `numbering.xml`. */
export class Lists {
  readonly #lists = new Map<string, List>();

  /** @param elements `w:abstractNum` and `w:num`, in any order */
  constructor(elements: Iterable<XmlElement>) {
    const all = [...elements];
    const abstract = new Map(
      all
        .filter(({ name }) => name === 'w:abstractNum')
        .map((list) => [list.attributes.get('w:abstractNumId') ?? '', list]),
    );
    const byStyle = new Map([...abstract].map(([key, list]) => [valueAt(list, 'w:styleLink'), key]));
    const levels = new Map<string, ReadonlyMap<number, ListLevel>>();
    for (const list of all.filter(({ name }) => name === 'w:num')) {
      const named = valueAt(list, 'w:abstractNumId') ?? '';
      // A list may refer to the list of a style.
      const link = valueAt(abstract.get(named), 'w:numStyleLink');
      const key = (link === undefined ? undefined : byStyle.get(link)) ?? named;
      const found = abstract.get(key);
      if (found && !levels.has(key)) levels.set(key, new Map(levelsIn(found)));
      const id = list.attributes.get('w:numId') ?? '';
      this.#lists.set(id, { id, key, ...overridden(list, levels.get(key) ?? new Map()) });
    }
  }

  /** Returns a paragraph's list and its level; undefined if it belongs to none. */
  find({ id, level, style }: ListPlace): { list: List | undefined; level: number } | undefined {
    if (id === undefined || id === '0') return undefined;
    const list = this.#lists.get(id);
    const tied =
      style === undefined
        ? undefined
        : list && [...list.levels].find(([, found]) => found.style === style)?.[0];
    return { list, level: Math.min(tied ?? level ?? 0, LEVELS - 1) };
  }
}

function* levelsIn(list: XmlElement): Generator<[number, ListLevel]> {
  for (const child of contentOf(list)) {
    const number = Number(child.attributes.get('w:ilvl'));
    if (child.name === 'w:lvl' && number >= 0 && number < LEVELS) yield [number, levelOf(child, number)];
  }
}

function levelOf(level: XmlElement, number: number): ListLevel {
  // A custom format stands beside the usual one.
  const format = contentOf(level).find(({ name }) => name === 'w:numFmt');
  return {
    format: format?.attributes.get('w:val') ?? 'decimal',
    text: valueAt(level, 'w:lvlText') ?? `%${number + 1}.`,
    start: numberAt(level, 'w:start') ?? 1,
    restartBelow: numberAt(level, 'w:lvlRestart') ?? number,
    isLegal: isOn(level, 'w:isLgl') ?? false,
    style: valueAt(level, 'w:pStyle'),
  };
}

function overridden(
  list: XmlElement,
  levels: ReadonlyMap<number, ListLevel>,
): Pick<List, 'levels' | 'starts'> {
  const overrides = contentOf(list).filter(({ name }) => name === 'w:lvlOverride');
  if (overrides.length === 0) return { levels, starts: new Map() };
  const own = new Map(levels);
  const starts = new Map<number, number>();
  for (const override of overrides) {
    const number = Number(override.attributes.get('w:ilvl'));
    const level = elementAt(override, 'w:lvl');
    if (level && number >= 0 && number < LEVELS) own.set(number, levelOf(level, number));
    const start = numberAt(override, 'w:startOverride');
    if (start !== undefined) starts.set(number, start);
  }
  return { levels: own, starts };
}
