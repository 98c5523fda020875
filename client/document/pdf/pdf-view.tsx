import { useState } from 'preact/hooks';

import { useSluice } from '../../app/sluice-context.ts';
import { sayProblem } from '../../app/toasts.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import type { Chunk, Document } from '../../../src/contract/documents.ts';
import { download } from '../download.ts';
import { PdfPages } from './pdf-pages.tsx';
import { pdfProblemOf } from './pdf-problems.ts';
import { usePdf } from './use-pdf.ts';

export interface PdfViewProps {
  document: Document;
  /** Chunk whose passage is marked. */
  passage: Chunk | undefined;
  /** Page to show, from 1. */
  page: number;
  /** Called when the user has come to another page. */
  onPage: (page: number) => void;
}

/** Shows a PDF, page by page. */
export function PdfView({ document, passage, page, onPage }: PdfViewProps) {
  const sluice = useSluice();
  const [turn, setTurn] = useState(0);
  const [problem, setProblem] = useState<unknown>();
  if (problem === undefined)
    return (
      <OpenedPdf
        key={turn}
        document={document}
        passage={passage}
        page={page}
        onPage={onPage}
        onProblem={setProblem}
      />
    );
  const { title, advice, mayRetry } = pdfProblemOf(problem);
  return (
    <EmptyState title={title}>
      <p role="alert">{advice}</p>
      <div class="actions">
        {mayRetry && (
          <button
            type="button"
            class="button"
            onClick={() => {
              setProblem(undefined);
              setTurn(turn + 1);
            }}
          >
            Try again
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          onClick={() => void download(sluice, document).catch(sayProblem)}
        >
          Download
        </button>
      </div>
    </EmptyState>
  );
}

function OpenedPdf({
  document: { id, size },
  passage,
  page,
  onPage,
  onProblem,
}: PdfViewProps & { onProblem: (error: unknown) => void }) {
  const loaded = usePdf(id, size, page, onProblem);
  if (!loaded)
    return (
      <p class="hint" aria-busy="true">
        Opening the PDF…
      </p>
    );
  return <PdfPages loaded={loaded} passage={passage} page={page} onPage={onPage} onProblem={onProblem} />;
}
