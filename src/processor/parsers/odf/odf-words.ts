import type { Reading } from '../blocks/reading.ts';
import { elementAt, textIn, type XmlElement } from '../markup/xml-element.ts';
import type { OdfStyles } from './odf-styles.ts';

/** Elements whose words are not those of the paragraph around them. */
const ATTACHED = new Set(['text:note', 'office:annotation']);
/** Pronunciations of ruby, sources of indexes, scripts, and the forms and deletions that a file keeps. */
const NOT_SHOWN =
  /^(?:text:(?:ruby-text|number|script|tracked-changes|[a-z-]+-source)|table:tracked-changes|office:(?:forms|scripts|event-listeners)|svg:(?:title|desc)|dc:.*|meta:.*)$/;
/** Fields that show the number of a page, or how many there are. */
const PAGE_FIELDS = new Set(['text:page-number', 'text:page-count', 'text:page-continuation']);

/** A paragraph's words. */
export interface Words {
  text: string;
  /** Notes, comments and drawings among the words, in their order. */
  attached: XmlElement[];
  /** Whether a field hides the whole paragraph. */
  isHidden: boolean;
  hasPageNumber: boolean;
  /** Whether the next words follow a drawing or are its own. */
  isAfterDrawing: boolean;
}

/** How to read words. */
interface WordRules {
  styles: OdfStyles;
  reading: Reading;
  /** Whether to leave out the numbers of pages, as in a running head. */
  leavesPageNumbers: boolean;
  /** Returns the words of a drawing in a line, such as a formula; undefined if it is a block. */
  inLine: (drawing: XmlElement) => string | undefined;
}

/** Returns whether a reader sees nothing of an element. */
export function isNotShown(name: string): boolean {
  return NOT_SHOWN.test(name);
}

/** Reads the words of a paragraph or heading, without hidden ones. */
export function readWords(paragraph: XmlElement, rules: WordRules): Words {
  const words: Words = {
    text: '',
    attached: [],
    isHidden: false,
    hasPageNumber: false,
    isAfterDrawing: false,
  };
  collect(paragraph, rules, words);
  return words;
}

function collect({ children }: XmlElement, rules: WordRules, words: Words): void {
  for (const child of children) {
    if (typeof child === 'string') append(words, child.replace(/[ \t\r\n]+/g, ' '));
    else collectElement(child, rules, words);
  }
}

/** Adds words. Those on both sides of a drawing are not one. */
function append(words: Words, text: string): void {
  if (text === '') return;
  const isWelded = /[\p{L}\p{N}]$/u.test(words.text.slice(-2)) && /^[\p{L}\p{N}]/u.test(text);
  words.text += words.isAfterDrawing && isWelded ? ` ${text}` : text;
  words.isAfterDrawing = false;
}

function collectElement(element: XmlElement, rules: WordRules, words: Words): void {
  const { name, attributes } = element;
  if (ATTACHED.has(name)) words.attached.push(element);
  else if (isNotShown(name)) return;
  else if (name === 'text:s' || name === 'text:tab') words.text += ' ';
  else if (name === 'text:line-break') words.text += '\n';
  else if (name === 'text:hidden-paragraph') words.isHidden ||= attributes.get('text:is-hidden') === 'true';
  else if (name === 'text:hidden-text') {
    if (attributes.get('text:is-hidden') === 'true' && !rules.reading.takesHidden()) return;
    append(words, textIn(element) || (attributes.get('text:string-value') ?? ''));
  } else if (name.startsWith('draw:') && name !== 'draw:a') {
    const inLine = rules.inLine(element);
    if (inLine === undefined) words.attached.push(element);
    words.isAfterDrawing = true;
    append(words, inLine ?? '');
    words.isAfterDrawing = true;
  } else if (PAGE_FIELDS.has(name) && rules.leavesPageNumbers) words.hasPageNumber = true;
  // A variable may be set without being shown.
  else if (attributes.get('text:display') === 'none') return;
  else if (isHiddenSpan(element, rules.styles) && !rules.reading.takesHidden()) return;
  else collect(element, rules, words);
}

function isHiddenSpan({ name, attributes }: XmlElement, styles: OdfStyles): boolean {
  return name === 'text:span' && styles.hidesText('text', attributes.get('text:style-name'));
}

/** Returns the text that describes a drawing, or ''. */
export function altText(drawing: XmlElement): string {
  const described = elementAt(drawing, 'svg:title') ?? elementAt(drawing, 'svg:desc');
  return described ? textIn(described) : '';
}
