import type { Flow } from './rtf-flow.ts';

/** Size of letters that no file names, in half points. */
const USUAL_SIZE = 24;
/** Least sizes of bold letters that look like a heading, in half points, by its level. */
const HEADING_SIZES = [44, 36, 32, 28];

/** Destination of the words of a group that are not part of the text. */
export type Captured = 'font' | 'style' | 'mark' | 'author' | 'field';

/** Properties of a paragraph, from control words. */
interface ParagraphState {
  style?: number;
  outline?: number;
  list?: number;
  depth?: number;
  tables?: number;
  isInTable?: boolean;
}

/** State of a group. The groups in it inherit it. */
export interface RtfState {
  flow: Flow;
  /** Whether a reader sees nothing of the group. */
  skips: boolean;
  captures: Captured | undefined;
  /** Whether the next word begins a group that may be skipped. */
  isStarred: boolean;
  /** Whether the groups in it repeat one text for programs of different age. */
  isRepeated: boolean;
  isNestedRow: boolean;
  field: { instruction: string };
  font: number | undefined;
  /** Characters after one of Unicode for programs that know none. */
  fallback: number;
  isHidden: boolean;
  isDeleted: boolean;
  isBold: boolean;
  size: number;
  paragraph: ParagraphState;
}

/** Returns the state at the start of text that flows by itself. */
export function startState(flow: Flow, font?: number): RtfState {
  return {
    flow,
    skips: false,
    captures: undefined,
    isStarred: false,
    isRepeated: false,
    isNestedRow: false,
    field: { instruction: '' },
    fallback: 1,
    paragraph: {},
    ...plainLetters(font),
  };
}

/** Returns the state of letters without any format. */
export function plainLetters(font: number | undefined) {
  return { font, isHidden: false, isDeleted: false, isBold: false, size: USUAL_SIZE };
}

/** Returns the level of a heading that letters look like. */
export function looksLikeHeading({ isBold, size }: RtfState): number | undefined {
  const level = HEADING_SIZES.findIndex((least) => size >= least);
  return isBold && level !== -1 ? level + 1 : undefined;
}
