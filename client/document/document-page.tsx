import type { ViewProps } from '../app/app.tsx';
import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { useEndedDeletions } from '../state/use-ended-deletions.ts';
import { useEndedJobs } from '../state/use-ended-jobs.ts';
import { useRequest } from '../state/use-request.ts';
import type { Document } from '../../src/contract/documents.ts';
import { ChunkList } from './text/chunk-list.tsx';
import { DocumentHead } from './document-head.tsx';
import { OriginalView } from './original-view.tsx';
import { placeOf, type Place, type Shown } from './place.ts';
import { TextView } from './text/text-view.tsx';

const TABS: { shown: Shown; title: string }[] = [
  { shown: 'text', title: 'Text' },
  { shown: 'original', title: 'Original' },
  { shown: 'chunks', title: 'Chunks' },
];

/** Shows a document: its facts, its text, its original and its chunks. */
export function DocumentPage({ route }: ViewProps) {
  const sluice = useSluice();
  const { id = '', query } = route;
  const { data, problem, reload } = useRequest(`document ${id}`, (signal) => sluice.document(id, { signal }));
  // A replacement or a reindex of the document may have completed.
  useEndedJobs(data?.collection, reload);
  useEndedDeletions(reload);
  if (problem?.code === 'document_not_found')
    return (
      <div class="view">
        <div class="view-head">
          <h1>Document</h1>
        </div>
        <EmptyState title="This document is gone">
          <p>It was deleted, or the address is wrong.</p>
          <a class="button" href={hrefOf('library', data?.collection)}>
            Go to the library
          </a>
        </EmptyState>
      </div>
    );
  if (!data)
    return (
      <div class="view">
        <div class="view-head">
          <h1>Document</h1>
        </div>
        {problem ? (
          <Problem problem={problem} onRetry={reload} />
        ) : (
          <p class="hint" aria-busy="true">
            Loading…
          </p>
        )}
      </div>
    );
  return (
    <div class="view document">
      <DocumentHead document={data} onChange={reload} />
      {problem && <Problem problem={problem} onRetry={reload} />}
      <Content document={data} place={placeOf(query, data)} />
    </div>
  );
}

function Content({ document, place }: { document: Document; place: Place }) {
  const { id, content_hash, chunk_count, chunking_strategy, chunk_size, chunk_overlap } = document;
  const { include_hidden = false } = document;
  const { shown, chunk, page } = place;
  // A replaced document has other chunks and bytes, so its content loads again. An edit of its metadata changes neither.
  const key = [
    content_hash,
    chunk_count,
    chunking_strategy,
    chunk_size,
    chunk_overlap,
    include_hidden,
  ].join();
  return (
    <section class="document-content" aria-label="Content">
      <nav class="choices" aria-label="How to show the document">
        {TABS.map((tab) => (
          <a
            key={tab.shown}
            href={hrefOf('document', id, {
              chunk,
              page: tab.shown === 'original' ? page : undefined,
              view: tab.shown,
            })}
            aria-current={tab.shown === shown ? 'true' : undefined}
          >
            {tab.title}
          </a>
        ))}
      </nav>
      {shown === 'text' && <TextView key={key} document={document} chunk={chunk} />}
      {shown === 'chunks' && <ChunkList key={key} document={document} chunk={chunk} />}
      {shown === 'original' && <OriginalView key={key} document={document} place={place} />}
    </section>
  );
}
