import * as v from 'valibot';

import { codeBlock } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';

/** A text, or its lines with their line ends. */
const Source = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((source) => (typeof source === 'string' ? source : source.join(''))),
);
const OutputSchema = v.object({
  text: v.optional(Source),
  data: v.optional(v.object({ 'text/plain': v.optional(Source) })),
});
const NotebookSchema = v.object({
  nbformat: v.number(),
  metadata: v.optional(v.object({ language_info: v.optional(v.object({ name: v.string() })) })),
  cells: v.array(
    v.object({ cell_type: v.string(), source: Source, outputs: v.optional(v.array(OutputSchema), []) }),
  ),
});

/**
 * Writes a Jupyter notebook as Markdown: its text, its code and the code's output.
 * @param json any value
 * @returns undefined if it is no notebook, '' if it is empty
 */
export function notebookMarkdown(json: unknown): string | undefined {
  const parsed = v.safeParse(NotebookSchema, json);
  if (!parsed.success) return undefined;
  const { cells, metadata } = parsed.output;
  const language = metadata?.language_info?.name ?? '';
  const blocks = cells.flatMap(({ cell_type, source, outputs }) => {
    if (cell_type !== 'code') return [source.trim()];
    const printed = outputs.map(({ text, data }) => text ?? data?.['text/plain'] ?? '');
    return [source, ...printed]
      .filter((code) => code.trim() !== '')
      .map((code, index) => codeBlock(code, index === 0 ? language : ''));
  });
  return normalize(blocks.filter((block) => block !== '').join('\n\n'));
}
