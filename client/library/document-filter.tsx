import { useEffect, useState } from 'preact/hooks';

import { parseMetadata } from '../wording/documents.ts';

/** Fields of the filter, as the address holds them. */
export interface FilterFields {
  filename: string;
  /** `key=value`, several separated by commas. */
  metadata: string;
  sort: 'newest' | 'oldest';
}

/** Filters by a part of the name and by metadata, and sorts. */
export function DocumentFilter({
  fields,
  onChange,
}: {
  fields: FilterFields;
  onChange: (fields: FilterFields) => void;
}) {
  const [filename, setFilename] = useState(fields.filename);
  const [metadata, setMetadata] = useState(fields.metadata);
  useEffect(() => {
    setFilename(fields.filename);
    setMetadata(fields.metadata);
  }, [fields.filename, fields.metadata]);
  const isValid = parseMetadata(metadata) !== undefined;
  const apply = (event: Event) => {
    event.preventDefault();
    if (isValid) onChange({ ...fields, filename: filename.trim(), metadata: metadata.trim() });
  };
  const isFiltered = fields.filename !== '' || fields.metadata !== '';
  return (
    <form class="document-filter" role="search" aria-label="Filter the documents" onSubmit={apply}>
      <div class="field">
        <label for="filter-filename">Name contains</label>
        <input
          id="filter-filename"
          type="search"
          placeholder="report"
          maxLength={255}
          autocomplete="off"
          value={filename}
          onInput={({ currentTarget }) => setFilename(currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for="filter-metadata">Metadata</label>
        <input
          id="filter-metadata"
          type="search"
          placeholder="team=sea, year=2026"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={!isValid}
          aria-describedby="filter-fault"
          value={metadata}
          onInput={({ currentTarget }) => setMetadata(currentTarget.value)}
        />
        <p id="filter-fault" class="field-error">
          {!isValid && 'Write key=value. Separate several with commas.'}
        </p>
      </div>
      <div class="field">
        <label for="filter-sort">Sort</label>
        <select
          id="filter-sort"
          value={fields.sort}
          onChange={({ currentTarget }) =>
            onChange({ ...fields, sort: currentTarget.value === 'oldest' ? 'oldest' : 'newest' })
          }
        >
          <option value="newest">Newest first</option>
          <option value="oldest">Oldest first</option>
        </select>
      </div>
      <div class="actions">
        <button type="submit" class="button quiet" disabled={!isValid}>
          Filter
        </button>
        {isFiltered && (
          <button
            type="button"
            class="link-button"
            onClick={() => onChange({ ...fields, filename: '', metadata: '' })}
          >
            Clear
          </button>
        )}
      </div>
    </form>
  );
}
