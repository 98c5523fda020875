import { useEffect, useState } from 'preact/hooks';
import type { PDFDocumentProxy } from 'pdfjs-dist';

import { useSluice } from '../../app/sluice-context.ts';
import { openPdf } from './open-pdf.ts';
import type { PageSize } from './page-layout.ts';

export interface LoadedPdf {
  pdf: PDFDocumentProxy;
  /** Size of the page that opens first. The layout assumes it for the others until they are drawn. */
  size: PageSize;
}

/** Opens a PDF at a page. */
export function usePdf(id: string, bytes: number, page: number, onProblem: (error: unknown) => void) {
  const sluice = useSluice();
  const [loaded, setLoaded] = useState<LoadedPdf>();
  useEffect(() => {
    let isWanted = true;
    const fail = (error: unknown) => isWanted && onProblem(error);
    const { pdf, close } = openPdf(sluice, id, bytes, fail);
    const load = async () => {
      const opened = await pdf;
      const first = await opened.getPage(Math.min(page, opened.numPages));
      const { width, height } = first.getViewport({ scale: 1 });
      if (isWanted) setLoaded({ pdf: opened, size: { width, height } });
    };
    load().catch(fail);
    return () => {
      isWanted = false;
      close();
    };
  }, [sluice, id, bytes]);
  return loaded;
}
