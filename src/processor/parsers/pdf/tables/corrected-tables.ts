import type { PlacedText } from '../annotations/pdf-fields.ts';
import { MAX_STEPS, type Budget } from './drawn-lines.ts';
import { withoutFalseTables } from './false-tables.ts';
import { withoutRepeatedHeaders } from './repeated-headers.ts';
import { withRowLabels } from './row-labels.ts';
import { withDrawnRows } from './table-rows.ts';

/** Most pieces times characters, because the headers compare each piece with them. A dense page has 100 million. */
const MAX_COMPARED = 300_000_000;

/** Corrects the first reader's tables by the pieces of text on the page. */
export function withCorrectedTables(markdown: string, pieces: readonly PlacedText[]): string {
  if (!markdown.includes('|')) return markdown;
  const texts = pieces.map(({ text }) => text);
  if (pieces.length * markdown.length > MAX_COMPARED) return withoutFalseTables(markdown, texts);
  const headed = withoutRepeatedHeaders(markdown, pieces);
  const budget: Budget = { steps: MAX_STEPS };
  const labeled = withRowLabels(withDrawnRows(headed, pieces, budget), pieces, budget);
  // Without a budget, the searches find nothing. A part of the rows would be wrong.
  return withoutFalseTables(budget.steps < 0 ? headed : labeled, texts);
}
