import { drawnText, isSymbolFont } from '../ooxml/symbol-fonts.ts';
import { codePageOf, decode } from './code-pages.ts';

/** Longest chain of base styles. A style based on itself has no end. */
const MAX_DEPTH = 20;
/** Level of the paragraphs that are no headings. Levels count from 0. */
const BODY_LEVEL = 9;
/** Characters that symbol fonts draw. */
const PRIVATE = /[\uf020-\uf0ff]/;

interface Font {
  name: string;
  codePage: number | undefined;
}

interface Style {
  name: string;
  outline: number | undefined;
  base: number | undefined;
}

/** Fonts and paragraph styles of an RTF file, which it lists before its text. */
export class RtfStyles {
  readonly #fonts = new Map<number, Font>();
  readonly #styles = new Map<number, Style>();
  #font: Font | undefined;
  #style: Style | undefined;

  /** Takes a control word of the list of fonts. */
  defineFont(word: string, value = 0): void {
    if (word === 'f') {
      this.#font = { name: '', codePage: undefined };
      this.#fonts.set(value, this.#font);
    } else if (this.#font && word === 'fcharset') this.#font.codePage = codePageOf(value);
    else if (this.#font && word === 'cpg') this.#font.codePage = value;
  }

  nameFont(text: string): void {
    if (this.#font) this.#font.name += text.replaceAll(';', '');
  }

  /** Takes a control word of the list of styles. */
  defineStyle(word: string, value = 0): void {
    if (word === 's') {
      this.#style = { name: '', outline: undefined, base: undefined };
      this.#styles.set(value, this.#style);
    } else if (this.#style && word === 'outlinelevel') this.#style.outline = value;
    else if (this.#style && word === 'sbasedon') this.#style.base = value;
  }

  nameStyle(text: string): void {
    if (this.#style) this.#style.name += text.replaceAll(';', '');
  }

  /** Ends the definition of a font or style. */
  endDefinition(): void {
    this.#font = undefined;
    this.#style = undefined;
  }

  /** Decodes text of a font. @param codePage the document's */
  decode(bytes: Uint8Array, number: number | undefined, codePage: number, mayBeUtf8: boolean): string {
    const font = this.#fontOf(number);
    if (font && isSymbolFont(font.name)) return Buffer.from(bytes).toString('latin1');
    return decode(bytes, font?.codePage ?? codePage, mayBeUtf8);
  }

  /** Returns text as its font draws it. */
  draw(text: string, number: number | undefined): string {
    const name = this.#fontOf(number)?.name ?? '';
    return isSymbolFont(name) || PRIVATE.test(text) ? drawnText(name, text) : text;
  }

  #fontOf(number: number | undefined): Font | undefined {
    return number === undefined ? undefined : this.#fonts.get(number);
  }

  /**
   * Returns the level of a heading, from 1; undefined for other paragraphs.
   * @param outline level that the paragraph itself has, from 0
   */
  headingLevel(style: number | undefined, outline: number | undefined): number | undefined {
    let level = outline;
    let next = style;
    for (let depth = 0; next !== undefined && level === undefined && depth < MAX_DEPTH; depth++) {
      const found = this.#styles.get(next);
      const number = /^heading ([1-9])/i.exec(found?.name.trim() ?? '')?.[1];
      level = found?.outline ?? (number === undefined ? undefined : Number(number) - 1);
      if (level === undefined && /^title$/i.test(found?.name.trim() ?? '')) level = 0;
      next = found?.base;
    }
    return level !== undefined && level >= 0 && level < BODY_LEVEL ? level + 1 : undefined;
  }
}
