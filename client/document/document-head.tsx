import { hrefOf } from '../app/route.ts';
import { DocumentMarks } from '../parts/document-marks.tsx';
import { Icon } from '../parts/icon.tsx';
import { deletions } from '../state/pending-deletions.ts';
import { useStore } from '../state/use-store.ts';
import type { Document } from '../../src/contract/documents.ts';
import { marksOf } from '../wording/document-marks.ts';
import { kindOf, settingsOf } from '../wording/documents.ts';
import { fileSize, quantity } from '../wording/numbers.ts';
import { moment } from '../wording/times.ts';
import { DocumentActions } from './document-actions.tsx';
import { MetadataPanel } from './metadata-panel.tsx';

/** Shows the facts of a document, its buttons and its metadata. @param onChange called after a change on the server */
export function DocumentHead({ document, onChange }: { document: Document; onChange: () => void }) {
  const { refused, hidden } = useStore(deletions);
  const { id, filename, collection } = document;
  return (
    <>
      <div class="view-head">
        <a class="icon-button" href={hrefOf('library', collection)} aria-label={`Collection ${collection}`}>
          <Icon name="back" />
        </a>
        <h1>{filename}</h1>
      </div>
      {hidden.has(id) && (
        <p class="mark-line" role="status">
          This document is being deleted.
        </p>
      )}
      <section class="panel document-summary" aria-label="About the document">
        <p class="facts">
          <a href={hrefOf('library', collection)}>{collection}</a>
          <span>{kindOf(document)}</span>
          <span>{fileSize(document.size)}</span>
          <span>{quantity(document.chunk_count, 'chunk')}</span>
          <span>{settingsOf(document)}</span>
          <span>Model {document.model}</span>
          <span>Added {moment(document.created_at)}</span>
          {document.updated_at !== document.created_at && <span>Changed {moment(document.updated_at)}</span>}
        </p>
        <DocumentMarks document={document} refusal={refused.get(id)} />
        {marksOf(document).map(({ words, why }) => (
          <p key={words} class="hint">
            {why}
          </p>
        ))}
        <DocumentActions document={document} onChange={onChange} />
        <MetadataPanel document={document} onChange={onChange} />
      </section>
    </>
  );
}
