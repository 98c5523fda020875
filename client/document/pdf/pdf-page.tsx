import { useEffect, useRef, useState } from 'preact/hooks';
import { RenderingCancelledException, TextLayer, type PDFDocumentProxy, type PDFPageProxy } from 'pdfjs-dist';

import type { PageSize } from './page-layout.ts';
import type { PassageMarks } from './passage-marks.ts';

/** Most device pixels of a CSS pixel. More costs memory and looks the same. */
const MOST_SHARP = 2;

/** Draws a page and lays its text over it, so that it can be selected. */
export function PdfPage({
  pdf,
  number,
  scale,
  marks,
  onSize,
  onProblem,
  onMarked,
}: {
  pdf: PDFDocumentProxy;
  number: number;
  scale: number;
  /** Marks the passage in the text; `undefined` without one. */
  marks: PassageMarks | undefined;
  /** Gets the true size of the page. */
  onSize: (number: number, size: PageSize) => void;
  onProblem: (error: unknown) => void;
  /** Gets the mark nearest to the top of the page. */
  onMarked: (range: Range) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);
  const [page, setPage] = useState<PDFPageProxy>();

  useEffect(() => {
    let isWanted = true;
    pdf.getPage(number).then(
      (page) => {
        if (!isWanted) return;
        const { width, height } = page.getViewport({ scale: 1 });
        onSize(number, { width, height });
        setPage(page);
      },
      (error: unknown) => isWanted && onProblem(error),
    );
    return () => {
      isWanted = false;
    };
  }, [pdf, number]);

  // Frees the images of a page that leaves the view. pdf.js waits for the end of its rendering.
  useEffect(() => () => void page?.cleanup(), [page]);

  useEffect(() => {
    if (!page || !canvas.current) return;
    const viewport = page.getViewport({ scale });
    const sharp = Math.min(MOST_SHARP, window.devicePixelRatio || 1);
    // Draws on another canvas, so that the former picture stays until the zoomed one is complete.
    const drawn = document.createElement('canvas');
    drawn.width = Math.max(1, Math.floor(viewport.width * sharp));
    drawn.height = Math.max(1, Math.floor(viewport.height * sharp));
    const task = page.render({ canvas: drawn, viewport, transform: [sharp, 0, 0, sharp, 0, 0] });
    task.promise.then(
      () => {
        if (!canvas.current) return;
        canvas.current.width = drawn.width;
        canvas.current.height = drawn.height;
        canvas.current.getContext('2d')?.drawImage(drawn, 0, 0);
        canvas.current.dataset['drawn'] = String(number);
      },
      (error: unknown) => {
        if (!(error instanceof RenderingCancelledException)) onProblem(error);
      },
    );
    return () => task.cancel();
  }, [page, scale]);

  useEffect(() => {
    if (!page || !text.current) return;
    const container = text.current;
    const viewport = page.getViewport({ scale });
    let layer: TextLayer | undefined;
    let isWanted = true;
    let unmark: (() => void) | undefined;
    const lay = async () => {
      const content = await page.getTextContent();
      if (!isWanted) return;
      container.replaceChildren();
      layer = new TextLayer({ textContentSource: content, container, viewport });
      await layer.render();
      if (!isWanted || !marks) return;
      const marked = await marks.mark(number, layer.textDivs, layer.textContentItemsStr);
      unmark = marked.remove;
      if (!isWanted) return unmark();
      if (marked.first) onMarked(marked.first);
    };
    lay().catch((error: unknown) => isWanted && onProblem(error));
    return () => {
      isWanted = false;
      layer?.cancel();
      unmark?.();
    };
  }, [page, scale, marks]);

  return (
    <>
      <canvas ref={canvas} aria-hidden="true" />
      <div ref={text} class="text-layer" style={{ '--total-scale-factor': scale }} />
    </>
  );
}
