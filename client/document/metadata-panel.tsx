import { useState } from 'preact/hooks';

import type { Document } from '../../src/contract/documents.ts';
import { formatValue } from '../wording/documents.ts';
import { MetadataDialog } from './metadata-dialog.tsx';

/** Shows the metadata of a document, and a button to edit it. @param onChange called after an edit */
export function MetadataPanel({ document, onChange }: { document: Document; onChange: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const entries = Object.entries(document.metadata);
  return (
    <div class="metadata">
      <div class="metadata-head">
        <h2>Metadata</h2>
        <button type="button" class="link-button" onClick={() => setOpen(true)}>
          Edit<span class="visually-hidden"> the metadata</span>
        </button>
      </div>
      {entries.length === 0 ? (
        <p class="hint">None yet. Metadata filters searches and lists.</p>
      ) : (
        <dl>
          {entries.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{formatValue(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {isOpen && <MetadataDialog document={document} onClose={() => setOpen(false)} onSaved={onChange} />}
    </div>
  );
}
