import type { ParseEvent } from '../../contract/processor.ts';
import { Outline, splitAtHeadings } from './outline.ts';

export type SegmentEvent = Extract<ParseEvent, { type: 'segment' }>;

/** Stands between two pages, and belongs to the first. */
export const PAGE_BREAK = '\n\n';

/**
 * Markdown as segments, one for each heading.
 * @param outline where the text begins; it is moved along
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
