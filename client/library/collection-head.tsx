import { go, hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import { Problem } from '../parts/problem.tsx';
import { useEndedDeletions } from '../state/use-ended-deletions.ts';
import { useEndedJobs } from '../state/use-ended-jobs.ts';
import { useRequest } from '../state/use-request.ts';
import { CollectionActions } from './collection-actions.tsx';
import { CollectionFacts, ReembedSign } from './collection-facts.tsx';

/** Shows one collection. */
export function CollectionHead({ name }: { name: string }) {
  const sluice = useSluice();
  const own = useRequest(`collection ${name}`, (signal) => sluice.collection(name, { signal }));
  // The facts compare the model with those of other collections.
  const all = useRequest('collections', (signal) => sluice.collections({ limit: 1000 }, { signal }));
  useEndedJobs(name, own.reload);
  useEndedDeletions(own.reload);
  const { data, problem } = own;
  const isGone = problem?.code === 'collection_not_found';
  return (
    <>
      <div class="view-head">
        <a class="icon-button" href={hrefOf('library')} aria-label="All collections">
          <Icon name="back" />
        </a>
        <h1>{name}</h1>
        {data && !isGone && (
          <CollectionActions
            collection={data}
            onChange={own.reload}
            onDeleted={() => go(hrefOf('library'))}
          />
        )}
      </div>
      {isGone && (
        <EmptyState title="This collection holds no documents">
          <p>It was deleted, or nothing was uploaded to it yet.</p>
          <a class="button" href={hrefOf('uploads', undefined, { collection: name })}>
            Upload to it
          </a>
        </EmptyState>
      )}
      {problem && !isGone && <Problem problem={problem} onRetry={own.reload} />}
      {data && !isGone && (
        <div class="panel collection-summary">
          <CollectionFacts collection={data} others={all.data?.collections ?? []} />
          <ReembedSign collection={data} />
        </div>
      )}
    </>
  );
}
