import { useState } from 'preact/hooks';

import { go, hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { say, sayProblem } from '../app/toasts.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Icon } from '../parts/icon.tsx';
import type { Collection } from '../../src/contract/documents.ts';
import { quantity } from '../wording/numbers.ts';
import { DeleteCollection } from './delete-collection.tsx';

/** Shows the buttons of a collection. @param onChange called when the server embeds it again */
export function CollectionActions({
  collection,
  onChange,
  onDeleted,
}: {
  collection: Collection;
  onChange: () => void;
  onDeleted?: () => void;
}) {
  const sluice = useSluice();
  const [dialog, setDialog] = useState<'reembed' | 'delete'>();
  const { name, reembed_job, chunk_count } = collection;
  const close = () => setDialog(undefined);
  const reembed = async () => {
    try {
      const { job_id } = await sluice.reembed(name);
      onChange();
      say(`“${name}” is being embedded again.`, {
        action: { label: 'See its job', run: () => go(hrefOf('job', job_id)) },
      });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <div class="actions">
      <a class="button quiet" href={hrefOf('search', undefined, { collection: name })}>
        <Icon name="search" />
        Search<span class="visually-hidden"> in {name}</span>
      </a>
      <button
        type="button"
        class="button quiet"
        disabled={reembed_job !== undefined}
        onClick={() => setDialog('reembed')}
      >
        <Icon name="retry" />
        Embed again<span class="visually-hidden">: {name}</span>
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={`Delete the collection ${name}`}
        title="Delete the collection"
        onClick={() => setDialog('delete')}
      >
        <Icon name="remove" />
      </button>
      {dialog === 'reembed' && (
        <Confirm
          title={`Embed “${name}” again?`}
          action="Embed again"
          onConfirm={() => void reembed()}
          onClose={close}
        >
          <p>
            Sluice embeds {quantity(chunk_count, 'chunk')} with the present model. Searches use the former
            vectors until it is done. Uploads to the collection wait.
          </p>
        </Confirm>
      )}
      {dialog === 'delete' && (
        <DeleteCollection collection={collection} onClose={close} onDeleted={onDeleted} />
      )}
    </div>
  );
}
