import { listNumber, type NumberStyle } from '../blocks/list-number.ts';

const NUMBER_STYLES: Readonly<Record<string, NumberStyle>> = {
  a: 'lower-letter',
  A: 'upper-letter',
  i: 'lower-roman',
  I: 'upper-roman',
};

/** Numbers the items of an open list. */
export class HtmlList {
  readonly #style: NumberStyle | undefined;
  #next: number;

  constructor(name: string, attributes: ReadonlyMap<string, string>) {
    this.#style = name === 'ol' ? (NUMBER_STYLES[attributes.get('type') ?? ''] ?? 'decimal') : undefined;
    this.#next = numberIn(attributes.get('start')) ?? 1;
  }

  /** Returns the mark of the next item: its number, or a dash. */
  mark(attributes: ReadonlyMap<string, string>): string {
    if (!this.#style) return '-';
    const number = numberIn(attributes.get('value')) ?? this.#next;
    this.#next = number + 1;
    return `${listNumber(number, this.#style)}.`;
  }
}

function numberIn(value = ''): number | undefined {
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? undefined : number;
}
