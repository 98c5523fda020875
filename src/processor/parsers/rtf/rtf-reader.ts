import { ProcessorError } from '../../errors.ts';
import { commentText } from '../blocks/comment-text.ts';
import type { Reading } from '../blocks/reading.ts';
import { WESTERN } from './code-pages.ts';
import { Flow, type ParagraphRole } from './rtf-flow.ts';
import { RowShapes } from './rtf-row-shapes.ts';
import { looksLikeHeading, plainLetters, startState, type Captured, type RtfState } from './rtf-state.ts';
import { RtfStyles } from './rtf-styles.ts';
import { asNote, wordsOf, type RtfEntry } from './rtf-tables.ts';
import type { RtfToken } from './rtf-tokens.ts';
import { CAPTURED, ENDS_PARAGRAPH, FLOWS, isNotShown, SIGNS } from './rtf-words.ts';

/** Deepest nesting of groups. Programs write a handful of levels. */
const MAX_DEPTH = 1000;
const TOO_DEEP = 'The file nests its parts too deep to read. Nest them less, and upload it again.';
const PAGE_FIELD = /^\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b/i;
const CHARACTER_SETS: Readonly<Record<string, number>> = { mac: 10_000, pc: 437, pca: 850 };

/** Reads the tokens of an RTF file. */
export class RtfReader {
  readonly #reading: Reading;
  readonly #styles = new RtfStyles();
  readonly #shapes = new RowShapes();
  readonly #body = new Flow('body');
  readonly #groups: RtfState[] = [];
  #state = startState(this.#body);
  #codePage = WESTERN;
  #defaultFont: number | undefined;
  #author = '';
  /** Bytes of text that one decoder must see together. */
  #pending: Uint8Array[] = [];
  #pendingIsRaw = false;
  /** Characters to skip, because one of Unicode stands for them. */
  #toSkip = 0;
  /** Headers and footers that stand there already. */
  readonly #heads = new Set<string>();
  readonly #footers: RtfEntry[] = [];
  readonly #ended: RtfEntry[] = [];
  /** Whether a paragraph or more has ended since the last call of `take`. */
  hasEnded = false;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  read(token: RtfToken): void {
    if (token.type === 'text') {
      const bytes = token.bytes.subarray(this.#toSkip);
      this.#toSkip -= token.bytes.length - bytes.length;
      if (bytes.length === 0 || this.#state.skips) return;
      this.#pending.push(bytes);
      this.#pendingIsRaw ||= token.isRaw;
      return;
    }
    if (this.#pending.length > 0) this.#decode();
    if (token.type === 'control') this.#control(token.word, token.value);
    else if (token.type === 'open') this.#open();
    else this.#close();
  }

  /** Takes the parts that have ended, in reading order. */
  take(): RtfEntry[] {
    this.hasEnded = false;
    return [...this.#ended.splice(0), ...this.#body.take()];
  }

  /** Ends the file, whether its groups have ended or not. */
  end(): void {
    if (this.#pending.length > 0) this.#decode();
    while (this.#groups.length > 0) this.#close();
    for (const entry of [...this.#body.end(this.#role()), ...this.#footers]) this.#ended.push(entry);
  }

  #open(): void {
    if (this.#groups.length >= MAX_DEPTH) throw new ProcessorError('corrupt', { detail: TOO_DEEP });
    this.#toSkip = 0;
    const around = this.#state;
    this.#groups.push(around);
    this.#state = {
      ...around,
      skips: around.skips || around.isRepeated,
      isRepeated: false,
      isStarred: false,
      paragraph: { ...around.paragraph },
    };
  }

  #close(): void {
    this.#toSkip = 0;
    const around = this.#groups.pop();
    if (!around) return;
    const { flow } = this.#state;
    if (flow !== around.flow) this.#endFlow(flow, around.flow);
    if (this.#state.captures === 'font' || this.#state.captures === 'style') this.#styles.endDefinition();
    this.#state = around;
  }

  #control(word: string, value: number | undefined): void {
    const state = this.#state;
    if (state.skips) {
      // Of groups that repeat each other the last one is in Unicode.
      if (word === 'ud' && this.#groups.at(-1)?.isRepeated) state.skips = false;
      return;
    }
    if (word === '*') {
      state.isStarred = true;
      return;
    }
    const isUnicode = word === 'u' && value !== undefined;
    if (this.#toSkip > 0 && !isUnicode && word.length === 1 && !/[a-z]/i.test(word)) {
      this.#toSkip--;
      return;
    }
    this.#toSkip = 0;
    const mayBeSkipped = state.isStarred;
    state.isStarred = false;
    if (isUnicode) {
      this.#text(String.fromCharCode(value & 0xffff));
      this.#toSkip = state.fallback;
    } else if (isNotShown(word, mayBeSkipped)) state.skips = true;
    else if (FLOWS[word]) this.#openFlow(FLOWS[word]);
    else if (CAPTURED[word]) this.#capture(CAPTURED[word]);
    else if (state.captures === 'font') this.#styles.defineFont(word, value);
    else if (state.captures === 'style') this.#styles.defineStyle(word, value);
    else if (SIGNS[word] !== undefined) this.#text(SIGNS[word]);
    else if (ENDS_PARAGRAPH.has(word)) this.#endParagraph();
    else if (!this.#shapes.read(word, value, state.isNestedRow)) this.#property(word, value);
  }

  #property(word: string, value: number | undefined): void {
    const state = this.#state;
    const { paragraph, flow } = state;
    const isOn = value !== 0;
    if (word === 'cell') flow.endCell(1, this.#role());
    else if (word === 'nestcell') flow.endCell(this.#level(2), this.#role());
    else if (word === 'row') flow.endRow(1, this.#shapes.row(false));
    else if (word === 'nestrow') flow.endRow(this.#level(2), this.#shapes.row(state.isNestedRow));
    else if (word === 'nesttableprops') state.isNestedRow = true;
    else if (word === 'pard') state.paragraph = {};
    else if (word === 'plain') Object.assign(state, plainLetters(this.#defaultFont));
    else if (word === 's' && value !== undefined) paragraph.style = value;
    else if (word === 'outlinelevel' && value !== undefined) paragraph.outline = value;
    else if (word === 'ls' && value !== undefined) paragraph.list = value;
    else if (word === 'ilvl' && value !== undefined) paragraph.depth = value;
    else if (word === 'itap' && value !== undefined) paragraph.tables = value;
    else if (word === 'intbl') paragraph.isInTable = true;
    else if (word === 'f') state.font = value;
    else if (word === 'v') state.isHidden = isOn;
    else if (word === 'deleted' || word === 'mvf') state.isDeleted = isOn;
    else if (word === 'b') state.isBold = isOn;
    else if (word === 'fs' && value !== undefined) state.size = value;
    else if (word === 'uc') state.fallback = Math.max(value ?? 1, 0);
    else if (word === 'upr') state.isRepeated = true;
    else if (word === 'field') state.field = { instruction: '' };
    else if (word === 'fldrslt') this.#fieldResult();
    else if (word === 'chpgn') flow.hasPageNumber = true;
    else if (word === 'deff') this.#defaultFont = value;
    else if (word === 'ansicpg') this.#codePage = value ?? WESTERN;
    else if (CHARACTER_SETS[word] !== undefined) this.#codePage = CHARACTER_SETS[word];
  }

  #capture(captured: Captured): void {
    this.#state.captures = captured;
    if (captured === 'mark') this.#state.flow.mark = '';
    if (captured === 'author') this.#author = '';
  }

  /** A page's number in a running head is none of its words. */
  #fieldResult(): void {
    const { flow, field } = this.#state;
    if ((flow.kind !== 'header' && flow.kind !== 'footer') || !PAGE_FIELD.test(field.instruction)) return;
    flow.hasPageNumber = true;
    this.#state.skips = true;
  }

  #decode(): void {
    const bytes = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    const { font, captures } = this.#state;
    // Names of fonts are in the document's encoding.
    const decoding = captures === 'font' ? undefined : font;
    if (bytes) this.#text(this.#styles.decode(bytes, decoding, this.#codePage, this.#pendingIsRaw));
    this.#pending = [];
    this.#pendingIsRaw = false;
  }

  #text(text: string): void {
    const { captures, flow, font, isHidden } = this.#state;
    if (this.#state.skips || this.#state.isDeleted) return;
    if (captures === 'font') this.#styles.nameFont(text);
    else if (captures === 'style') this.#styles.nameStyle(text);
    else if (captures === 'author') this.#author += text;
    else if (captures === 'field') this.#state.field.instruction += text;
    else if (isHidden && !flow.readsHidden(text, this.#reading)) return;
    else {
      const drawn = this.#styles.draw(text, font);
      if (captures === 'mark') flow.mark += drawn;
      else {
        if (!flow.hasWords) flow.looksLike = looksLikeHeading(this.#state);
        flow.append(drawn);
      }
    }
    if (!isHidden && text.trim() !== '') flow.takesHidden = undefined;
  }

  #level(least: number): number {
    const { tables = 0, isInTable = false } = this.#state.paragraph;
    return Math.max(tables, isInTable ? 1 : 0, least);
  }

  #role(): ParagraphRole {
    const { style, outline, list = 0, depth = 0 } = this.#state.paragraph;
    return {
      level: this.#level(0),
      heading: this.#styles.headingLevel(style, outline),
      isItem: list > 0,
      depth: Math.min(Math.max(depth, 0), 8),
    };
  }

  #endParagraph(): void {
    if (this.#state.isDeleted) return;
    this.#state.flow.endParagraph(this.#role());
    this.hasEnded = true;
  }

  #openFlow(kind: Flow['kind']): void {
    const { isHidden, isDeleted, flow, fallback } = this.#state;
    const isSeen = !isDeleted && (!isHidden || (flow.takesHidden ??= this.#reading.takesHidden()));
    if (isSeen) this.#state = { ...startState(new Flow(kind), this.#defaultFont), fallback };
    else this.#state.skips = true;
  }

  #endFlow(flow: Flow, around: Flow): void {
    const entries = flow.end(this.#role());
    if (flow.kind === 'box' || flow.kind === 'note')
      for (const entry of entries) around.after.push(flow.kind === 'note' ? asNote(entry) : entry);
    else if (flow.kind === 'comment') {
      const words = wordsOf(entries);
      const text = commentText(this.#author, words);
      if (words !== '') around.after.push({ type: 'note', block: { type: 'paragraph', text } });
    } else {
      for (const entry of entries) {
        const words = JSON.stringify(entry);
        if (!this.#heads.has(words)) (flow.kind === 'header' ? this.#ended : this.#footers).push(entry);
        this.#heads.add(words);
      }
      this.hasEnded = true;
    }
  }
}
