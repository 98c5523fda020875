import { listNumber } from '../blocks/list-number.ts';
import type { ListLevel } from './odf-styles.ts';

/** Numbers of the items of one list, by level. */
export class ListNumbers {
  readonly #numbers: (number | undefined)[] = [];

  /**
   * Counts an item and writes its mark, such as `1.2` or `(b)`; '' for an item without a number.
   * @param level from 0
   * @param start number of the item, if it does not follow the one before
   */
  next(levels: readonly (ListLevel | undefined)[], level: number, start?: number): string {
    const first = levels[level]?.start ?? 1;
    this.#numbers[level] = start ?? (this.#numbers[level] ?? first - 1) + 1;
    this.#numbers.length = level + 1;
    const own = levels[level];
    if (!own || own.format === '') return '';
    const shown: string[] = [];
    for (let at = Math.max(0, level + 1 - own.shownLevels); at <= level; at++) {
      const style = levels[at];
      if (!style || style.format === '') continue;
      shown.push(listNumber((this.#numbers[at] ??= style.start), style.format));
    }
    return `${own.prefix}${shown.join('.')}${own.suffix}`.trim();
  }
}
