import type { CellShape, RowShape } from './rtf-tables.ts';

type Merging = Pick<CellShape, 'horizontal' | 'vertical'>;

/** Reads the control words that shape rows. A row of a nested table has a shape beside the one around it. */
export class RowShapes {
  #row: RowShape = { left: 0, cells: [], isHeader: false };
  #nestedRow: RowShape = { left: 0, cells: [], isHeader: false };
  #cell: Merging = { horizontal: undefined, vertical: undefined };

  /** Returns whether the word is one of them. */
  read(word: string, value = 0, isNested: boolean): boolean {
    const row = this.row(isNested);
    if (word === 'trowd') {
      const shape: RowShape = { left: 0, cells: [], isHeader: false };
      if (isNested) this.#nestedRow = shape;
      else this.#row = shape;
    } else if (word === 'trleft') row.left = value;
    else if (word === 'trhdr') row.isHeader = true;
    else if (word === 'clmgf') this.#cell.horizontal = 'first';
    else if (word === 'clmrg') this.#cell.horizontal = 'merged';
    else if (word === 'clvmgf') this.#cell.vertical = 'first';
    else if (word === 'clvmrg') this.#cell.vertical = 'merged';
    else if (word === 'cellx') {
      row.cells.push({ ...this.#cell, right: value });
      this.#cell = { horizontal: undefined, vertical: undefined };
    } else return false;
    return true;
  }

  /** Returns the shape of the row that ends. It stays the same until the file gives another. */
  row(isNested: boolean): RowShape {
    return isNested ? this.#nestedRow : this.#row;
  }
}
