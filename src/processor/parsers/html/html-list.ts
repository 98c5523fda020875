import { listNumber } from '../blocks/list-number.ts';

/** Numbers the items of an open list. */
export class HtmlList {
  readonly #style: string | undefined;
  #next: number;

  constructor(name: string, attributes: ReadonlyMap<string, string>) {
    this.#style = name === 'ol' ? (attributes.get('type') ?? '') : undefined;
    this.#next = numberIn(attributes.get('start')) ?? 1;
  }

  /** Returns the mark of the next item: its number, or a dash. */
  mark(attributes: ReadonlyMap<string, string>): string {
    if (this.#style === undefined) return '-';
    const number = numberIn(attributes.get('value')) ?? this.#next;
    this.#next = number + 1;
    return `${listNumber(number, this.#style)}.`;
  }
}

function numberIn(value = ''): number | undefined {
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? undefined : number;
}
