import type { ComponentChildren } from 'preact';

import { MarkedText, type Span } from '../../parts/marked-text.tsx';
import { whole } from '../../wording/numbers.ts';
import type { Block } from './text-blocks.ts';

/** Shows a block of the text. @param passage offsets of the marked part */
export function TextBlock({ block, passage }: { block: Block; passage: Span | undefined }) {
  const { kind, start, text, page = 0, level = 1 } = block;
  const marked = (from: number, words: string) => (
    <MarkedText text={words} marks={marksIn(from, words, passage)} />
  );
  if (kind === 'page')
    return (
      <p class="page-mark" data-page={page}>
        Page {whole(page)}
      </p>
    );
  if (kind === 'table') return <TextTable start={start} text={text} marked={marked} />;
  // The page uses the first two levels of headings.
  if (kind === 'heading')
    return (
      <p role="heading" aria-level={Math.min(6, level + 2)} data-level={level} data-start={start}>
        {marked(start, text)}
      </p>
    );
  return <p data-start={start}>{marked(start, text)}</p>;
}

function TextTable({
  start,
  text,
  marked,
}: {
  start: number;
  text: string;
  marked: (from: number, words: string) => ComponentChildren;
}) {
  const rows: { from: number; cells: { from: number; words: string }[] }[] = [];
  let head = 0;
  let from = start;
  for (const line of text.split('\n')) {
    if (/^\|[\s|:-]+$/.test(line) && line.includes('-')) head = rows.length;
    else rows.push({ from, cells: cellsOf(from, line) });
    from += line.length + 1;
  }
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label="Table" data-start={start}>
      <table>
        <tbody>
          {rows.map(({ from, cells }, i) => (
            <tr key={from}>
              {cells.map(({ from, words }) =>
                i < head ? (
                  <th key={from}>{marked(from, words)}</th>
                ) : (
                  <td key={from}>{marked(from, words)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Cuts a line of a Markdown table. A backslash keeps the bar after it. */
function cellsOf(from: number, line: string): { from: number; words: string }[] {
  const inner = line.replace(/\|?\s*$/, '');
  return [...inner.matchAll(/\|((?:\\.|[^|\\])*)/g)].map(({ 1: cell = '', index }) => ({
    from: from + index + 1 + (cell.length - cell.trimStart().length),
    words: cell.trim(),
  }));
}

function marksIn(from: number, words: string, passage: Span | undefined): Span[] {
  if (!passage) return [];
  const start = Math.max(0, passage.start - from);
  const end = Math.min(words.length, passage.end - from);
  return start < end ? [{ start, end }] : [];
}
