import { formatNumber } from './number-formats.ts';
import { LEVELS, type List, type ListLevel } from './lists.ts';

/** Counts the numbered paragraphs of a story: the body, a note, a text box. */
export class Numbering {
  /** Numbers of the levels by the keys of lists. Levels that have not begun have none. */
  readonly #counts = new Map<string, (number | undefined)[]>();
  readonly #begun = new Set<string>();

  /** Counts the next paragraph of a level, and returns its number as the document shows it; '' for none. */
  next(list: List, level: number): string {
    const found = list.levels.get(level);
    if (!found) return '';
    const counts = this.#counts.get(list.key) ?? [];
    this.#counts.set(list.key, counts);
    const begun = `${list.id} ${level}`;
    const beginsAgain = list.starts.has(level) && !this.#begun.has(begun);
    this.#begun.add(begun);
    const last = counts[level];
    counts[level] = beginsAgain || last === undefined ? startOf(list, level, found) : last + 1;
    for (let deeper = level + 1; deeper < LEVELS; deeper++) {
      if (level < (list.levels.get(deeper)?.restartBelow ?? deeper)) counts[deeper] = undefined;
    }
    return found.text.replace(/%([1-9])/g, (_, digit: string) => {
      const shown = Number(digit) - 1;
      const by = list.levels.get(shown);
      if (!by || shown > level) return '';
      return formatNumber(counts[shown] ?? startOf(list, shown, by), found.isLegal ? 'decimal' : by.format);
    });
  }
}

function startOf(list: List, level: number, { start }: ListLevel): number {
  return list.starts.get(level) ?? start;
}
