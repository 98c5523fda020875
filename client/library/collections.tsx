import { useState } from 'preact/hooks';

import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { useEndedDeletions } from '../state/use-ended-deletions.ts';
import { useEndedJobs } from '../state/use-ended-jobs.ts';
import { useRequest } from '../state/use-request.ts';
import type { CollectionList } from '../../src/contract/documents.ts';
import { whole } from '../wording/numbers.ts';
import { CollectionActions } from './collection-actions.tsx';
import { CollectionFacts, ReembedSign } from './collection-facts.tsx';

/** Number of collections on a page. Most installations have fewer. */
const PAGE = 50;

/** Lists the collections. */
export function Collections() {
  const sluice = useSluice();
  const [shown, setShown] = useState(PAGE);
  const {
    data: list,
    problem,
    reload,
  } = useRequest('collections', (signal) =>
    readCollections((cursor) => sluice.collections({ limit: PAGE, ...cursor }, { signal }), shown),
  );
  useEndedJobs(undefined, reload);
  useEndedDeletions(reload);
  if (!list)
    return problem ? (
      <Problem problem={problem} onRetry={reload} />
    ) : (
      <p class="hint" aria-busy="true">
        Loading…
      </p>
    );
  const showMore = () => {
    setShown(shown + PAGE);
    reload();
  };
  return (
    <section class="collections" aria-labelledby="collections-title">
      <h2 id="collections-title">
        Collections <span class="total">{whole(list.total)}</span>
      </h2>
      {problem && <Problem problem={problem} onRetry={reload} />}
      {list.total === 0 && (
        <EmptyState title="There are no collections yet">
          <p>A collection holds the documents that a search looks through. The first upload makes one.</p>
          <a class="button" href={hrefOf('uploads')}>
            Upload a document
          </a>
        </EmptyState>
      )}
      <ul class="collection-cards">
        {list.collections.map((collection) => (
          <li key={collection.name} class="panel collection-card">
            <h3>
              <a href={hrefOf('library', collection.name)}>{collection.name}</a>
            </h3>
            <CollectionFacts collection={collection} others={list.collections} />
            <ReembedSign collection={collection} />
            <CollectionActions collection={collection} onChange={reload} />
          </li>
        ))}
      </ul>
      {list.next_cursor !== undefined && (
        <button type="button" class="button quiet" onClick={showMore}>
          Show more collections
        </button>
      )}
    </section>
  );
}

/** Reads pages until `wanted` collections are there. */
async function readCollections(
  read: (cursor: { cursor?: string }) => Promise<CollectionList>,
  wanted: number,
): Promise<CollectionList> {
  let list = await read({});
  while (list.next_cursor !== undefined && list.collections.length < wanted) {
    const next = await read({ cursor: list.next_cursor });
    list = { ...next, collections: [...list.collections, ...next.collections] };
  }
  return list;
}
