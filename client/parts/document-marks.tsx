import { hrefOf } from '../app/route.ts';
import type { Document } from '../../src/contract/documents.ts';
import { marksOf } from '../wording/document-marks.ts';

/** Shows the marks of a document that needs attention, such as a lost original. */
export function DocumentMarks({ document, refusal }: { document: Document; refusal?: string | undefined }) {
  const marks = marksOf(document);
  const { reindex_job } = document;
  if (marks.length === 0 && reindex_job === undefined && refusal === undefined) return null;
  return (
    <span class="marks">
      {marks.map(({ words, state, why }) => (
        <span key={words} class="status" data-state={state} title={why}>
          {words}
        </span>
      ))}
      {reindex_job !== undefined && (
        <a class="status" data-state="processing" href={hrefOf('job', reindex_job)}>
          Indexing again
        </a>
      )}
      {refusal !== undefined && <span class="field-error">Not deleted: {refusal}</span>}
    </span>
  );
}
