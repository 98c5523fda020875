import { useEffect, useRef, useState } from 'preact/hooks';

import type { ViewProps } from '../app/app.tsx';
import { go, hrefOf, readWhole } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { SEARCH_MODES, type SearchMode, type SearchResponse } from '../../src/contract/search.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import { Problem } from '../parts/problem.tsx';
import { useRequest } from '../state/use-request.ts';
import { quantity } from '../wording/numbers.ts';
import { Hit } from './hit.tsx';

const FIRST_RESULTS = 10;
const MOST_RESULTS = 100;
const MODE_WORDS: Record<SearchMode, string> = {
  hybrid: 'Words and meaning',
  keyword: 'Words',
  vector: 'Meaning',
};

/** Searches a collection. The address holds the question, so that it can be shared. */
export function SearchPage({ route: { query } }: ViewProps) {
  const sluice = useSluice();
  const { q = '', collection = 'default', limit } = query;
  const mode = SEARCH_MODES.find((mode) => mode === query['mode']) ?? 'hybrid';
  const most = readWhole(limit, 1, MOST_RESULTS) ?? FIRST_RESULTS;
  const asked = { collection, query: q, mode, limit: most };
  const key = q.trim() === '' ? undefined : JSON.stringify(asked);
  const { data, problem, isLoading, reload } = useRequest(
    key,
    (signal) => sluice.search({ ...asked, allow_degraded: true }, { signal }),
    // More of the same keeps the results that are there.
    JSON.stringify({ ...asked, limit: undefined }),
  );
  const linkTo = (change: Record<string, string | number>) =>
    hrefOf('search', undefined, { q, collection, mode: mode === 'hybrid' ? '' : mode, ...change });
  return (
    <div class="view">
      <h1 class="visually-hidden">Search</h1>
      <SearchForm
        query={q}
        collection={collection}
        onSearch={(q, collection) => {
          const href = linkTo({ q, collection });
          if (href === location.hash) reload();
          else go(href);
        }}
      />
      <div class="choices" role="group" aria-label="Find by">
        {SEARCH_MODES.map((each) => (
          <a key={each} href={linkTo({ mode: each })} aria-current={each === mode ? 'true' : undefined}>
            {MODE_WORDS[each]}
          </a>
        ))}
      </div>
      <p class="search-status" role="status">
        {key === undefined ? '' : isLoading ? 'Searching…' : data ? foundWords(data, collection) : ''}
      </p>
      {problem && <Problem problem={problem} onRetry={reload} />}
      {key === undefined && (
        <EmptyState title="Ask in your own words">
          <p>A search finds exact words, such as a code, and passages that say the same in other words.</p>
        </EmptyState>
      )}
      {data && (
        <ol class="hits" aria-busy={isLoading}>
          {data.results.map((result) => (
            <Hit key={`${result.document_id} ${result.chunk_index}`} result={result} />
          ))}
        </ol>
      )}
      {data && data.results.length === most && most < MOST_RESULTS && (
        <a class="button quiet" href={linkTo({ limit: most * 2 })}>
          Show more
        </a>
      )}
    </div>
  );
}

function SearchForm({
  query,
  collection,
  onSearch,
}: {
  query: string;
  collection: string;
  onSearch: (query: string, collection: string) => void;
}) {
  const sluice = useSluice();
  const { data } = useRequest('collections', (signal) => sluice.collections({ limit: 1000 }, { signal }));
  const [typed, setTyped] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(query), [query]);
  useEffect(() => field.current?.focus(), []);
  const names = data?.collections.map(({ name }) => name) ?? [];
  const listed = names.includes(collection) ? names : [collection, ...names];
  return (
    <form
      class="search-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() !== '') onSearch(typed, collection);
      }}
    >
      <div class="field">
        <label for="query">What are you looking for?</label>
        <input
          ref={field}
          id="query"
          type="search"
          required
          maxLength={10_000}
          autocomplete="off"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for="search-collection">In collection</label>
        <select
          id="search-collection"
          value={collection}
          onChange={({ currentTarget }) => onSearch(typed, currentTarget.value)}
        >
          {listed.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <button class="button" type="submit">
        <Icon name="search" /> Search
      </button>
    </form>
  );
}

function foundWords({ results, degraded, rebuilding }: SearchResponse, collection: string): string {
  return [
    results.length > 0
      ? `The best ${quantity(results.length, 'passage')}.`
      : `Nothing in “${collection}” matches.`,
    degraded && 'One part of the search is away. These passages come from the other part.',
    rebuilding && 'The keyword index is being rebuilt, so some results may be missing.',
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}
