import { useState } from 'preact/hooks';

import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { sayProblem } from '../app/toasts.tsx';
import type { Chunk } from '../../src/contract/documents.ts';
import type { SearchResult } from '../../src/contract/search.ts';
import { flow, MarkedText } from '../parts/marked-text.tsx';

/** Number of chunks to show on each side of a hit. */
const NEIGHBOURS = 1;

/** Shows a found passage, with a link to its place in the document. */
export function Hit({ result }: { result: SearchResult }) {
  const sluice = useSluice();
  const [around, setAround] = useState<{ before: Chunk[]; after: Chunk[] }>();
  const {
    document_id: id,
    chunk_index: index,
    filename,
    page,
    heading,
    text,
    matches,
    context,
    ocr,
  } = result;
  const href = hrefOf('document', id, { chunk: index, ...(page !== undefined && { page }) });
  const showAround = () => {
    const from = Math.max(0, index - NEIGHBOURS);
    sluice.chunks(id, { from, limit: index - from + 1 + NEIGHBOURS }).then(
      ({ chunks }) =>
        setAround({
          before: chunks.filter(({ chunk_index: other }) => other < index),
          after: chunks.filter(({ chunk_index: other }) => other > index),
        }),
      sayProblem,
    );
  };
  return (
    <li class="hit panel">
      <h2>
        <a href={href}>{filename}</a>
      </h2>
      <p class="facts">
        {page !== undefined && <span>page {page}</span>}
        {heading !== undefined && <span>{heading}</span>}
        {ocr && <span>read by text recognition</span>}
        <span title={scoresOf(result)}>score {result.score.toFixed(2)}</span>
      </p>
      {context !== undefined && <p class="hit-context">{context}</p>}
      {around?.before.map((chunk) => (
        <p key={chunk.id} class="hit-text neighbour">
          {flow(chunk.text)}
        </p>
      ))}
      <p class="hit-text">
        <MarkedText text={flow(text)} marks={matches} />
      </p>
      {around?.after.map((chunk) => (
        <p key={chunk.id} class="hit-text neighbour">
          {flow(chunk.text)}
        </p>
      ))}
      <div class="actions">
        <a class="link-button" href={href}>
          Open in the document
        </a>
        <button type="button" class="link-button" onClick={around ? () => setAround(undefined) : showAround}>
          {around ? 'Hide what is around it' : 'Show what is around it'}
        </button>
      </div>
    </li>
  );
}

function scoresOf({ vector_score: vector, keyword_score: keyword }: SearchResult): string {
  const parts = [
    vector !== undefined && `meaning ${vector.toFixed(2)}`,
    keyword !== undefined && `words ${keyword.toFixed(2)}`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}
