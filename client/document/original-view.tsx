import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { hrefOf, replaceRoute } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { sayProblem } from '../app/toasts.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import type { Document } from '../../src/contract/documents.ts';
import { isImage, isPdf, kindOf } from '../wording/documents.ts';
import { download } from './download.ts';
import { ImageView } from './image-view.tsx';
import { PassageAside } from './passage-aside.tsx';
import type { PdfViewProps } from './pdf/pdf-view.tsx';
import type { Place } from './place.ts';
import { usePassage } from './use-passage.ts';

/** Shows the original of a document: a PDF or an image. For other kinds it offers a download. */
export function OriginalView({ document, place }: { document: Document; place: Place }) {
  const sluice = useSluice();
  const { chunk } = place;
  if (document.file_gone)
    return (
      <EmptyState title="The original is gone">
        <p>The store of the originals does not have it. Replace the document to bring it back.</p>
      </EmptyState>
    );
  if (isPdf(document)) return <Pdf document={document} place={place} />;
  const original = isImage(document) ? (
    <ImageView document={document} />
  ) : (
    <EmptyState title={`The page cannot show the kind ${kindOf(document)}`}>
      <p>Download it to see it as it was uploaded. “Text” shows what Sluice read in it.</p>
      <button type="button" class="button" onClick={() => void download(sluice, document).catch(sayProblem)}>
        Download {document.filename}
      </button>
    </EmptyState>
  );
  if (chunk === undefined) return original;
  return (
    <div class="with-passage">
      {original}
      <PassageAside id={document.id} chunk={chunk} />
    </div>
  );
}

/** Loads the viewer with the first PDF, because it is larger than the rest of the page. */
function Pdf({ document, place: { chunk, page } }: { document: Document; place: Place }) {
  const { id } = document;
  const [View, setView] = useState<ComponentType<PdfViewProps>>();
  const [failed, setFailed] = useState<Error>();
  useEffect(() => {
    import('./pdf/pdf-view.tsx').then(({ PdfView }) => setView(() => PdfView), setFailed);
  }, []);
  const passage = usePassage(id, chunk);
  if (failed)
    return (
      <EmptyState title="The viewer did not load">
        <p>Reload the page. After an upgrade of the server, that loads the new viewer.</p>
      </EmptyState>
    );
  // Without the passage, the pages are still worth seeing.
  if (!View || (chunk !== undefined && passage.isLoading && !passage.data && !passage.problem))
    return (
      <p class="hint" aria-busy="true">
        Loading the viewer…
      </p>
    );
  return (
    <>
      {passage.problem && <Problem problem={passage.problem} onRetry={passage.reload} />}
      <View
        document={document}
        passage={passage.data}
        page={page ?? passage.data?.page ?? 1}
        onPage={(page) => replaceRoute(hrefOf('document', id, { chunk, page, view: 'original' }))}
      />
    </>
  );
}
