import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { hrefOf, replaceRoute } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { sayProblem } from '../app/toasts.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { useRequest } from '../state/use-request.ts';
import type { Document } from '../../src/contract/documents.ts';
import { kindOf, mediaTypeOf } from '../wording/documents.ts';
import { download } from './download.ts';
import { ImageView } from './image-view.tsx';
import type { PdfViewProps } from './pdf/pdf-view.tsx';
import type { Place } from './place.ts';

/** Images that browsers decode. The user can download others. */
const IMAGES = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

/** Shows the original of a document: a PDF or an image. For other kinds it offers a download. */
export function OriginalView({ document, place }: { document: Document; place: Place }) {
  const sluice = useSluice();
  const type = mediaTypeOf(document) ?? '';
  if (document.file_gone)
    return (
      <EmptyState title="The original is gone">
        <p>The store of the originals does not have it. Replace the document to bring it back.</p>
      </EmptyState>
    );
  if (type === 'application/pdf') return <Pdf document={document} place={place} />;
  if (IMAGES.test(type)) return <ImageView document={document} />;
  return (
    <EmptyState title={`The page cannot show the kind ${kindOf(document)}`}>
      <p>Download it to see it as it was uploaded. “Text” shows what Sluice read in it.</p>
      <button type="button" class="button" onClick={() => void download(sluice, document).catch(sayProblem)}>
        Download {document.filename}
      </button>
    </EmptyState>
  );
}

/** Loads the viewer with the first PDF, because it is larger than the rest of the page. */
function Pdf({ document, place: { chunk, page } }: { document: Document; place: Place }) {
  const sluice = useSluice();
  const { id } = document;
  const [View, setView] = useState<ComponentType<PdfViewProps>>();
  const [failed, setFailed] = useState<Error>();
  useEffect(() => {
    import('./pdf/pdf-view.tsx').then(({ PdfView }) => setView(() => PdfView), setFailed);
  }, []);
  const passage = useRequest(chunk === undefined ? undefined : `passage ${id} ${chunk}`, async (signal) => {
    const { chunks } = await sluice.chunks(id, { from: chunk ?? 0, limit: 1 }, { signal });
    return chunks[0];
  });
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
