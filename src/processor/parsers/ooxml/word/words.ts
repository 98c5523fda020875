import { elementAt, elementsIn, ownText, type XmlElement } from '../../markup/xml-element.ts';
import { formulaText } from '../../markup/formula.ts';
import { contentOf } from '../alternate-content.ts';
import { drawnText, isSymbolFont } from '../symbol-fonts.ts';
import { isOn, numberAt } from './properties.ts';

/** Fields that show the number of a page or of all pages. */
const PAGE_FIELD = /^\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b/i;
/** A field that shows the mark of a note once more. */
const MARK_FIELD = /^\s*NOTEREF\b.*\\f\b/i;
/** Longest instruction of a field that is kept, in characters. */
const MAX_INSTRUCTION = 256;
/** Elements without words of the document: properties, and what a tracked change has deleted or moved away. */
const UNREAD = /^w:(?:del|moveFrom|delText|instrText|\w+Pr|\w+PrChange)$/;
const CHECKED = '☒';
const UNCHECKED = '☐';

/** A field whose end has not come. */
interface Field {
  /** Number of pieces of words before it. */
  from: number;
  instruction: string;
  /** Value of a form field. */
  value: string;
  /** Whether its result has begun. Words before it are part of the instruction. */
  hasResult: boolean;
}

/** How to read the words of a paragraph. */
interface Seeing {
  hides: (run: XmlElement) => boolean;
  /** Decides about hidden words, and counts them if they are left out. */
  takesHidden: () => boolean;
  /** Whether to leave out the numbers of pages. */
  withoutPages: boolean;
}

/** Collects the words of a paragraph, and the notes and drawings that stand in it. */
export class Words {
  /** References to notes and comments, and drawings. */
  readonly standing: XmlElement[] = [];
  /** The words. Fields cut from their end, so they are joined once. */
  readonly #pieces: string[] = [];
  readonly #seeing: Seeing;
  readonly #fields: Field[] = [];
  #font = '';
  #isHidden = false;
  /** The decision about the hidden words at the end of the text. */
  #taken: boolean | undefined;

  constructor(seeing: Seeing) {
    this.#seeing = seeing;
  }

  get text(): string {
    return this.#pieces.join('');
  }

  /** Adds the words of an element's parts. */
  add(element: XmlElement): void {
    for (const child of contentOf(element)) this.#part(child);
  }

  #part(element: XmlElement): void {
    switch (element.name) {
      case 'w:r':
        this.#run(element);
        break;
      case 'w:t':
        this.#write(isSymbolFont(this.#font) ? drawnText(this.#font, ownText(element)) : ownText(element));
        break;
      case 'w:tab':
      case 'w:ptab':
        this.#write('\t');
        break;
      case 'w:br':
      case 'w:cr':
        this.#write('\n');
        break;
      case 'w:noBreakHyphen':
        this.#write('-');
        break;
      case 'w:sym':
        this.#write(signOf(element));
        break;
      case 'w:ruby':
        for (const base of elementsIn(element, 'w:rubyBase')) this.add(base);
        break;
      case 'm:oMath':
        this.#write(formulaText(element));
        break;
      case 'm:oMathPara':
        this.#write(elementsIn(element, 'm:oMath').map(formulaText).join('\n'));
        break;
      case 'w:fldSimple':
        this.#simpleField(element);
        break;
      case 'w:fldChar':
        this.#fieldMark(element);
        break;
      case 'w:instrText':
        this.#instruct(ownText(element));
        break;
      case 'w:footnoteReference':
      case 'w:endnoteReference':
      case 'w:commentReference':
        if (!this.#isHidden || this.#takesHidden()) this.standing.push(element);
        break;
      case 'w:drawing':
      case 'w:pict':
      case 'w:object':
        this.standing.push(element);
        break;
      default:
        if (!UNREAD.test(element.name)) this.add(element);
    }
  }

  #run(run: XmlElement): void {
    const around = { font: this.#font, isHidden: this.#isHidden };
    this.#font = elementAt(run, 'w:rPr', 'w:rFonts')?.attributes.get('w:ascii') ?? '';
    this.#isHidden = this.#seeing.hides(run);
    this.add(run);
    this.#font = around.font;
    this.#isHidden = around.isHidden;
  }

  #write(text: string): void {
    if (text === '') return;
    if (!this.#isHidden) {
      if (text.trim() !== '') this.#taken = undefined;
      this.#pieces.push(text);
    } else if (text.trim() === '' ? this.#taken : this.#takesHidden()) this.#pieces.push(text);
  }

  /** Decides once about hidden words that stand together. */
  #takesHidden(): boolean {
    return (this.#taken ??= this.#seeing.takesHidden());
  }

  #simpleField(field: XmlElement): void {
    this.#fields.push({
      from: this.#pieces.length,
      instruction: field.attributes.get('w:instr') ?? '',
      value: '',
      hasResult: true,
    });
    this.add(field);
    this.#close();
  }

  #fieldMark(mark: XmlElement): void {
    const field = this.#fields.at(-1);
    switch (mark.attributes.get('w:fldCharType')) {
      case 'begin':
        this.#fields.push({
          from: this.#pieces.length,
          instruction: '',
          value: formValue(mark),
          hasResult: false,
        });
        break;
      case 'separate':
        if (!field || field.hasResult) break;
        this.#pieces.length = Math.min(this.#pieces.length, field.from);
        field.hasResult = true;
        break;
      case 'end':
        this.#close();
    }
  }

  #instruct(text: string): void {
    const field = this.#fields.at(-1);
    if (field && field.instruction.length < MAX_INSTRUCTION) field.instruction += text;
  }

  #close(): void {
    const field = this.#fields.pop();
    if (!field) return;
    const { from, instruction, value, hasResult } = field;
    const isShown =
      hasResult &&
      !MARK_FIELD.test(instruction) &&
      !(this.#seeing.withoutPages && PAGE_FIELD.test(instruction));
    if (!isShown) this.#pieces.length = Math.min(this.#pieces.length, from);
    if (this.#pieces.length === from) this.#write(value);
  }
}

function signOf({ attributes }: XmlElement): string {
  const hex = attributes.get('w:char') ?? '';
  if (!/^[\da-f]{1,4}$/i.test(hex)) return '';
  const sign = drawnText(attributes.get('w:font') ?? '', String.fromCharCode(Number.parseInt(hex, 16)));
  return sign.replace(/\p{Cc}/gu, '');
}

/** Returns what a field of a form shows: its mark, or its chosen entry. */
function formValue(mark: XmlElement): string {
  const form = elementAt(mark, 'w:ffData');
  const box = elementAt(form, 'w:checkBox');
  if (box) return (isOn(box, 'w:checked') ?? isOn(box, 'w:default')) ? CHECKED : UNCHECKED;
  const list = elementAt(form, 'w:ddList');
  if (!list) return '';
  const chosen = numberAt(list, 'w:result') ?? numberAt(list, 'w:default') ?? 0;
  return elementsIn(list, 'w:listEntry')[chosen]?.attributes.get('w:val') ?? '';
}
