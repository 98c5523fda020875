import { useEffect, useRef, useState } from 'preact/hooks';

import { hrefOf, readWhole, replaceRoute } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { deleteLater, deletions } from '../state/pending-deletions.ts';
import { useEndedDeletions } from '../state/use-ended-deletions.ts';
import { useEndedJobs } from '../state/use-ended-jobs.ts';
import { useStore } from '../state/use-store.ts';
import type { DocumentList } from '../../src/contract/documents.ts';
import { parseMetadata } from '../wording/documents.ts';
import { quantity, whole } from '../wording/numbers.ts';
import { DocumentFilter, type FilterFields } from './document-filter.tsx';
import { DocumentTable } from './document-table.tsx';
import { Selection } from './selection.tsx';
import { useDocuments } from './use-documents.ts';

/** Number of documents that “Show more” adds. */
const PAGE = 50;
/** Longest list. More rows would make the page slow, and a filter finds a document sooner. */
const MOST_SHOWN = 5000;

/** Lists documents: those of a collection, or all. The address holds the filter and the length of the list. */
export function Documents({
  collection,
  query,
}: {
  collection: string | undefined;
  query: Readonly<Record<string, string>>;
}) {
  const sluice = useSluice();
  const { hidden, refused } = useStore(deletions);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const fields: FilterFields = {
    filename: query['filename'] ?? '',
    metadata: query['metadata'] ?? '',
    sort: query['sort'] === 'oldest' ? 'oldest' : 'newest',
  };
  const wanted = readWhole(query['shown'], PAGE, MOST_SHOWN) ?? PAGE;
  const metadata = parseMetadata(fields.metadata);
  const isFiltered = fields.filename !== '' || fields.metadata !== '';
  const { data, problem, isLoading, reload } = useDocuments(
    metadata && {
      ...(collection !== undefined && { collection }),
      ...(fields.filename !== '' && { filename_contains: fields.filename }),
      ...(fields.metadata !== '' && { metadata }),
      sort: fields.sort,
    },
    wanted,
  );
  useEndedJobs(collection, reload);
  useEndedDeletions(reload);
  const former = useRef(wanted);
  useEffect(() => {
    if (former.current !== wanted) reload();
    former.current = wanted;
  }, [wanted]);

  const navigate = (next: FilterFields, shown?: number) =>
    replaceRoute(
      hrefOf('library', collection, {
        filename: next.filename,
        metadata: next.metadata,
        sort: next.sort === 'newest' ? undefined : next.sort,
        shown,
      }),
    );
  const documents = data?.documents.filter(({ id }) => !hidden.has(id)) ?? [];
  const selected = documents.filter(({ id }) => chosen.has(id));
  const remove = (ids: ReadonlySet<string>) => {
    deleteLater(
      sluice,
      documents.filter(({ id }) => ids.has(id)),
    );
    setChosen(new Set([...chosen].filter((id) => !ids.has(id))));
  };
  return (
    <section class="documents" aria-labelledby="documents-title">
      <div class="documents-head">
        <h2 id="documents-title">
          Documents {data && <span class="total">{totalOf(data, documents.length)}</span>}
        </h2>
        <DocumentFilter fields={fields} onChange={(next) => navigate(next)} />
      </div>
      {problem && <Problem problem={problem} onRetry={reload} />}
      {selected.length > 0 && (
        <Selection
          count={selected.length}
          onDelete={() => remove(new Set(selected.map(({ id }) => id)))}
          onClear={() => setChosen(new Set())}
        />
      )}
      {documents.length > 0 && (
        <DocumentTable
          documents={documents}
          isOfAll={collection === undefined}
          chosen={chosen}
          refused={refused}
          onChoose={setChosen}
          onDelete={(id) => remove(new Set([id]))}
        />
      )}
      {data && documents.length === 0 && <Nothing isFiltered={isFiltered} />}
      {!data && !problem && metadata && (
        <p class="hint" aria-busy="true">
          Loading…
        </p>
      )}
      {data?.next_cursor !== undefined && (
        <p class="more">
          <button
            type="button"
            class="button quiet"
            disabled={isLoading}
            onClick={() => navigate(fields, Math.max(wanted, data.documents.length) + PAGE)}
          >
            {isLoading ? 'Loading…' : 'Show more'}
          </button>
          <span class="hint">{quantity(documents.length, 'document')} shown</span>
        </p>
      )}
    </section>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState title="No document matches">
      <p>
        A part of the name suffices. Metadata need the whole value, and quotes make text of a number:
        year="2026".
      </p>
    </EmptyState>
  ) : (
    <EmptyState title="There are no documents yet">
      <p>A document appears here as soon as its upload is completed.</p>
      <a class="button" href={hrefOf('uploads')}>
        Upload documents
      </a>
    </EmptyState>
  );
}

/** Formats the number of matches, without the hidden ones. */
function totalOf({ documents, total, total_at_least }: DocumentList, shown: number): string {
  const hidden = documents.length - shown;
  if (total !== undefined) return whole(Math.max(0, total - hidden));
  return total_at_least === undefined ? '' : `at least ${whole(Math.max(0, total_at_least - hidden))}`;
}
