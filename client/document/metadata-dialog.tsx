import { useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import { Dialog } from '../parts/dialog.tsx';
import type { MetadataEdit } from '../sdk/api.ts';
import type { SluiceError } from '../sdk/sluice.ts';
import type { Document } from '../../src/contract/documents.ts';
import { formatValue, parseValue } from '../wording/documents.ts';

interface Entry {
  /** Stays with the row while its key is typed. */
  row: number;
  key: string;
  value: string;
}

let rows = 0;

/** Edits the metadata of a document. */
export function MetadataDialog({
  document: { id, metadata },
  onClose,
  onSaved,
}: {
  document: Document;
  onClose: () => void;
  onSaved: () => void;
}) {
  const sluice = useSluice();
  // A reload under the dialog may bring keys that the user has not seen.
  const [seen] = useState(metadata);
  const [entries, setEntries] = useState<readonly Entry[]>(() =>
    Object.entries(seen).map(([key, value]) => ({ row: ++rows, key, value: formatValue(value) })),
  );
  const [fault, setFault] = useState('');
  const [isBusy, setBusy] = useState(false);
  const change = (row: number, part: Partial<Entry>) =>
    setEntries(entries.map((entry) => (entry.row === row ? { ...entry, ...part } : entry)));
  const save = async (event: Event) => {
    event.preventDefault();
    const names = entries.map(({ key }) => key.trim());
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) return setFault(`“${twice}” is there twice. Give each key one value.`);
    setBusy(true);
    try {
      await sluice.editMetadata(id, editOf(seen, entries));
      onSaved();
      onClose();
    } catch (error) {
      setFault((error as SluiceError).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Metadata" onClose={onClose}>
      <form onSubmit={(event) => void save(event)}>
        {entries.length === 0 && <p class="hint">There is no metadata yet.</p>}
        <ul class="metadata-rows">
          {entries.map(({ row, key, value }) => (
            <li key={row}>
              <input
                class="input"
                aria-label="Key"
                placeholder="Key"
                required
                autocapitalize="none"
                value={key}
                onInput={({ currentTarget }) => change(row, { key: currentTarget.value })}
              />
              <input
                class="input"
                aria-label={`Value of ${key}`}
                placeholder="Value"
                value={value}
                onInput={({ currentTarget }) => change(row, { value: currentTarget.value })}
              />
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove ${key}`}
                onClick={() => setEntries(entries.filter((entry) => entry.row !== row))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
        <button
          type="button"
          class="link-button add-entry"
          onClick={() => setEntries([...entries, { row: ++rows, key: '', value: '' }])}
        >
          Add a key
        </button>
        <p class="hint">
          Sluice reads 2026 as a number, and true as a boolean. Quotes make text of them: "2026".
        </p>
        {fault !== '' && (
          <p class="field-error" role="alert">
            {fault}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button" disabled={isBusy}>
            {isBusy ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Returns the edit that turns the metadata into the entries. It names only differences, so that concurrent edits stay. */
function editOf(metadata: Readonly<Record<string, unknown>>, entries: readonly Entry[]): MetadataEdit {
  const edit: MetadataEdit = {};
  const next = new Map(entries.map(({ key, value }) => [key.trim(), parseValue(value)]));
  for (const [key, value] of next) if (metadata[key] !== value) edit[key] = value;
  for (const key of Object.keys(metadata)) if (!next.has(key)) edit[key] = null;
  return edit;
}
