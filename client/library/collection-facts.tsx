import { hrefOf } from '../app/route.ts';
import type { Collection } from '../../src/contract/documents.ts';
import { modelOf } from '../wording/documents.ts';
import { fileSize, quantity } from '../wording/numbers.ts';

/**
 * Shows the counts of a collection and its models.
 * @param others collections to compare the model with
 */
export function CollectionFacts({
  collection,
  others,
}: {
  collection: Collection;
  others: readonly Collection[];
}) {
  const { models, document_count, chunk_count, size } = collection;
  const usual = usualModel(others);
  const [own] = models;
  return (
    <>
      <p class="facts">
        <span>{quantity(document_count, 'document')}</span>
        <span>{quantity(chunk_count, 'chunk')}</span>
        <span>{fileSize(size)}</span>
        <span>{models.map(modelOf).join('; ')}</span>
      </p>
      {models.length > 1 && (
        <p class="mark-line">
          <span class="status" data-state="retrying">
            {quantity(models.length, 'model')}
          </span>{' '}
          Embed it again, so that one model serves all its documents.
        </p>
      )}
      {models.length === 1 && own && usual !== undefined && own.name !== usual && (
        <p class="mark-line">
          <span class="status" data-state="retrying">
            Other model
          </span>{' '}
          Most collections use {usual}.
        </p>
      )}
    </>
  );
}

/** Links to the job that embeds the collection again. */
export function ReembedSign({ collection: { reembed_job } }: { collection: Collection }) {
  if (reembed_job === undefined) return null;
  return (
    <p class="mark-line">
      <span class="status" data-state="processing">
        Embedding again
      </span>{' '}
      <a href={hrefOf('job', reembed_job)}>See its job</a>
    </p>
  );
}

/** Returns the model of the most collections; `undefined` if no model leads. */
function usualModel(collections: readonly Collection[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { models } of collections)
    for (const { name } of models.slice(0, 1)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  return first && first[1] > (second?.[1] ?? 0) ? first[0] : undefined;
}
