import { useEffect, useState } from 'preact/hooks';

import type { Filter } from './tabs.ts';

/** Edits the filter of the lists. */
export function FilterForm({
  filter,
  codes,
  collections,
  onFilter,
}: {
  filter: Filter;
  /** Error codes and collections to choose from. */
  codes: readonly string[];
  collections: readonly string[];
  onFilter: (filter: Filter) => void;
}) {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const set = (change: Filter) => onFilter({ ...filter, ...change });
  const offered = filter.code === undefined || codes.includes(filter.code) ? codes : [filter.code, ...codes];
  return (
    <form
      class="job-filter"
      role="search"
      aria-label="Filter of the jobs"
      onSubmit={(event) => event.preventDefault()}
    >
      <ExactText
        name="collection"
        label="Collection"
        value={filter.collection}
        offered={collections}
        onValue={(collection) => set({ collection })}
      />
      <ExactText
        name="filename"
        label="File name, exactly"
        value={filter.filename}
        onValue={(filename) => set({ filename })}
      />
      <div class="field">
        <label for="filter-code">Error code</label>
        <select
          id="filter-code"
          value={filter.code ?? ''}
          onChange={({ currentTarget }) => set({ code: currentTarget.value || undefined })}
        >
          <option value="">any</option>
          {offered.map((code) => (
            <option key={code} value={code}>
              {code}
            </option>
          ))}
        </select>
      </div>
      {isFiltered && (
        <button type="button" class="button quiet" onClick={() => onFilter({})}>
          Clear the filter
        </button>
      )}
    </form>
  );
}

/** Shows a text field that applies on Enter or on leaving it. It keeps its text while the lists change. */
function ExactText({
  name,
  label,
  value = '',
  offered = [],
  onValue,
}: {
  name: string;
  label: string;
  value?: string | undefined;
  offered?: readonly string[];
  onValue: (value: string | undefined) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const id = `filter-${name}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        list={`${id}-offered`}
        autocomplete="off"
        placeholder="any"
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onChange={({ currentTarget }) => onValue(currentTarget.value.trim() || undefined)}
      />
      <datalist id={`${id}-offered`}>
        {offered.map((text) => (
          <option key={text} value={text} />
        ))}
      </datalist>
    </div>
  );
}
