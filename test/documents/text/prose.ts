import { Random } from '../../chaos/random.ts';
import type { Block } from './manuscript.ts';
import { SENTENCES, WORDS } from './words.ts';

export const TOPICS = Object.keys(SENTENCES);

/** Writes text about the islands. The same seed always gives the same text. */
export class Prose {
  readonly #random: Random;

  constructor(seed: string) {
    this.#random = new Random(seed);
  }

  sentence(topic: string = this.#random.pick(TOPICS)): string {
    return this.#sentence(this.#random.pick(SENTENCES[topic] ?? []));
  }

  /** Writes three or more sentences about one subject. */
  paragraph(topic: string = this.#random.pick(TOPICS)): string {
    const templates = this.#random.shuffle(SENTENCES[topic] ?? []);
    return templates
      .slice(0, this.#random.int(3, templates.length))
      .map((template) => this.#sentence(template))
      .join(' ');
  }

  /** Writes a dialogue of two people, each speech a paragraph. */
  dialogue(): string[] {
    const [one, other] = [this.#fill('{first}'), this.#fill('{first}')];
    const asked = this.#fill('“Mr. {last}, have you {did} the {part} of the {building}?” asked {first}.');
    return [
      asked,
      `“${this.sentence()}” ${one} put down the ${this.#fill('{part}')}. “${this.sentence()}”`,
      `“That is not what Dr. ${this.#fill('{last}')} told me — ${this.#fill('he {did} it {manner}')},” said ${other}.`,
    ];
  }

  heading(topic: string): string {
    return this.#fill(`${topic} at {place} in {year}`);
  }

  /** Writes a table of places, trades and figures, below its header row. */
  rows(count: number): string[][] {
    const row = () => ['{place}', '{trade}', '{cargo}', '{number}', '{year}'].map((cell) => this.#fill(cell));
    return [['Place', 'Trade', 'Cargo', 'Tons', 'Since'], ...Array.from({ length: count }, row)];
  }

  /**
   * Writes sections without end: a heading, its paragraphs and sometimes a table.
   * @param level of the headings
   * @param tables how many of ten sections have one
   */
  *sections(level: number, tables: number): Generator<Block[], never> {
    for (let number = 1; ; number++) {
      const topic = this.#random.pick(TOPICS);
      const section: Block[] = [{ level, heading: this.heading(topic) }];
      for (let count = this.#random.int(2, 4); count > 0; count--)
        section.push({ text: this.paragraph(topic) });
      if (number % 10 < tables) section.push({ rows: this.rows(this.#random.int(4, 9)) });
      yield section;
    }
  }

  #sentence(template: string): string {
    const words = this.#fill(template);
    return words.charAt(0).toUpperCase() + words.slice(1);
  }

  #fill(template: string): string {
    return template.replaceAll(/\{(\w+)\}/g, (_, kind: string) => {
      const random = this.#random;
      if (kind === 'number') return random.int(11, 2400).toLocaleString('en-GB');
      if (kind === 'small') return `${random.int(2, 29)}`;
      if (kind === 'year') return `${random.int(1721, 1998)}`;
      if (kind === 'day') return this.#fill(`${random.int(1, 28)} {month}`);
      if (kind === 'person') return this.#fill('{first} {last}');
      if (kind === 'place' || kind === 'ship') return this.#fill('{start}{finish}');
      return random.pick(WORDS[kind] ?? []);
    });
  }
}
