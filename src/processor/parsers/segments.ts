import type { ParseEvent } from '../../contract/services/processor.ts';
import { Outline, splitAtHeadings } from './outline.ts';

export type SegmentEvent = Extract<ParseEvent, { type: 'segment' }>;

/** Separates two pages. It belongs to the first. */
export const PAGE_BREAK = '\n\n';

/**
 * Splits Markdown into segments, one for each heading.
 * @param outline headings in force where the text begins; it follows the text
 * @param underlined whether an underlined line is a heading, too
 */
export function* segments(
  text: string,
  {
    outline = new Outline(),
    page,
    underlined,
  }: { outline?: Outline; page?: number; underlined?: boolean } = {},
): Generator<SegmentEvent> {
  for (const section of splitAtHeadings(text, outline, underlined)) {
    yield { type: 'segment', ...(page !== undefined && { page }), ...section };
  }
}
