import type { ViewProps } from '../app/app.tsx';
import { hrefOf } from '../app/route.ts';
import { CollectionHead } from './collection-head.tsx';
import { Collections } from './collections.tsx';
import { Documents } from './documents.tsx';

/** Shows all collections and their documents, or one collection. */
export function LibraryPage({ route }: ViewProps) {
  const { id: name, query } = route;
  return (
    <div class="view library">
      {name === undefined ? (
        <>
          <div class="view-head">
            <h1>Library</h1>
            <a class="button" href={hrefOf('uploads')}>
              Add documents
            </a>
          </div>
          <Collections />
        </>
      ) : (
        <CollectionHead name={name} />
      )}
      <Documents collection={name} query={query} />
    </div>
  );
}
