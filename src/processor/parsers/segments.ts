import type { ParseEvent } from '../../contract/processor.ts';
import { Outline, splitAtHeadings } from './outline.ts';

export type SegmentEvent = Extract<ParseEvent, { type: 'segment' }>;

/** Stands between two pages, and belongs to the first. */
export const PAGE_BREAK = '\n\n';

/**
 * Markdown as segments, one for each heading.
 * @param outline where the text begins; it is moved along
 */
export function* segments(text: string, outline = new Outline(), page?: number): Generator<SegmentEvent> {
  for (const section of splitAtHeadings(text, outline)) {
    yield { type: 'segment', ...(page !== undefined && { page }), ...section };
  }
}
