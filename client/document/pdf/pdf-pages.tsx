import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import type { Chunk } from '../../../src/contract/documents.ts';
import {
  bounded,
  GAP,
  heightOf,
  pageAt,
  PRINTED,
  spotAt,
  topsOf,
  type PageSize,
  type Spot,
} from './page-layout.ts';
import { PassageMarks } from './passage-marks.ts';
import { PdfPage } from './pdf-page.tsx';
import { PdfTools } from './pdf-tools.tsx';
import type { LoadedPdf } from './use-pdf.ts';

/** Height in CSS pixels above and below the box in which it also draws pages. */
const AHEAD = 600;
/** Time in ms for which the user stays on a page before the address names it. */
const REST_MS = 300;
const ZOOM_STEP = 1.25;
/** Share of the box to leave above a passage. */
const ABOVE_PASSAGE = 0.25;

/** Shows the pages in a box that scrolls. It draws only those near the box: 600 pages would take minutes. */
export function PdfPages({
  loaded: { pdf, size },
  passage,
  page: wantedPage,
  onPage,
  onProblem,
}: {
  loaded: LoadedPdf;
  passage: Chunk | undefined;
  page: number;
  onPage: (page: number) => void;
  onProblem: (error: unknown) => void;
}) {
  const { numPages } = pdf;
  const box = useRef<HTMLDivElement>(null);
  const [boxSize, setBoxSize] = useState({ width: 0, height: 0 });
  const [known, setKnown] = useState<ReadonlyMap<number, PageSize>>(new Map());
  const [zoom, setZoom] = useState<number>();
  const [scrolled, setScrolled] = useState(0);

  const sizes = useMemo(
    () => Array.from({ length: numPages }, (_, i) => known.get(i + 1) ?? size),
    [numPages, known, size],
  );
  const widest = Math.max(size.width, ...[...known.values()].map(({ width }) => width));
  const fitting = bounded((boxSize.width - 2 * GAP) / widest);
  const scale = zoom ?? fitting;
  const tops = useMemo(() => topsOf(sizes, scale), [sizes, scale]);
  const spot = useRef<Spot>({ page: Math.min(wantedPage, numPages), share: 0 });

  useEffect(() => {
    const { current } = box;
    if (!current) return;
    const observer = new ResizeObserver(() =>
      setBoxSize({ width: current.clientWidth, height: current.clientHeight }),
    );
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const scrollTo = (height: number) => {
    if (!box.current) return;
    box.current.scrollTop = height;
    setScrolled(box.current.scrollTop);
  };
  // Keeps the spot while pages turn out larger, and while the scale changes.
  useLayoutEffect(() => {
    if (boxSize.width > 0) scrollTo(heightOf(tops, spot.current));
  }, [tops, boxSize.width > 0]);

  const goTo = (page: number) => {
    spot.current = { page: Math.min(numPages, Math.max(1, page)), share: 0 };
    scrollTo(heightOf(tops, spot.current) - GAP / 2);
  };
  const current = boxSize.height > 0 ? pageAt(tops, scrolled + boxSize.height / 3) : spot.current.page;
  const told = useRef(spot.current.page);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (current === told.current) return;
      told.current = current;
      onPage(current);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [current]);
  useEffect(() => {
    if (wantedPage === told.current) return;
    told.current = wantedPage;
    goTo(wantedPage);
  }, [wantedPage]);

  const marks = useMemo(
    () =>
      // Older browsers have no highlights. They show the page without the mark.
      passage?.page === undefined || !CSS.highlights
        ? undefined
        : new PassageMarks(pdf, passage.page, passage.text),
    [pdf, passage],
  );
  useEffect(() => () => marks?.close(), [marks]);
  // Scrolls to the passage once, if the address opens its page.
  const toShow = useRef<Chunk | undefined>(undefined);
  const shown = useRef<Chunk | undefined>(undefined);
  if (passage !== shown.current && passage?.page === wantedPage) toShow.current = passage;
  shown.current = passage;
  const showPassage = (number: number, range: Range) => {
    if (number !== toShow.current?.page || !box.current) return;
    toShow.current = undefined;
    box.current.closest('section')?.scrollIntoView();
    const above = range.getBoundingClientRect().top - box.current.getBoundingClientRect().top;
    const height = Math.max(0, box.current.scrollTop + above - ABOVE_PASSAGE * box.current.clientHeight);
    spot.current = spotAt(tops, height);
    scrollTo(height);
  };

  const zoomBy = (factor: number) => setZoom(bounded(scale * factor));
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      '+': () => zoomBy(ZOOM_STEP),
      '=': () => zoomBy(ZOOM_STEP),
      '-': () => zoomBy(1 / ZOOM_STEP),
      '0': () => setZoom(undefined),
      ArrowRight: () => goTo(current + 1),
      ArrowLeft: () => goTo(current - 1),
      Home: () => goTo(1),
      End: () => goTo(numPages),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  return (
    <div class="pdf panel">
      <PdfTools
        page={current}
        count={numPages}
        scale={scale / PRINTED}
        isFitting={zoom === undefined}
        onPage={goTo}
        onZoom={(direction) => zoomBy(direction === 'in' ? ZOOM_STEP : 1 / ZOOM_STEP)}
        onFit={() => setZoom(undefined)}
      />
      <div
        ref={box}
        class="pdf-box"
        tabIndex={0}
        role="region"
        aria-label="Pages. + and - zoom, 0 fits the width, the arrows turn pages."
        onKeyDown={onKey}
        onScroll={({ currentTarget: { scrollTop } }) => {
          spot.current = spotAt(tops, scrollTop);
          setScrolled(scrollTop);
        }}
      >
        <div
          class="pdf-pages"
          style={{ height: `${tops.at(-1) ?? 0}px`, minWidth: `${widest * scale + 2 * GAP}px` }}
        >
          {boxSize.width > 0 &&
            sizes.map(({ width, height }, i) => {
              const top = tops[i] ?? 0;
              const isNear = top < scrolled + boxSize.height + AHEAD && (tops[i + 1] ?? 0) > scrolled - AHEAD;
              if (!isNear) return null;
              const number = i + 1;
              return (
                <div
                  key={number}
                  class="pdf-page"
                  role="group"
                  aria-label={`Page ${number}`}
                  data-page={number}
                  style={{
                    top: `${top}px`,
                    width: `${Math.floor(width * scale)}px`,
                    height: `${Math.floor(height * scale)}px`,
                  }}
                >
                  <PdfPage
                    pdf={pdf}
                    number={number}
                    scale={scale}
                    marks={marks}
                    onSize={(number, size) =>
                      setKnown((known) =>
                        isSame(known.get(number), size) ? known : new Map([...known, [number, size]]),
                      )
                    }
                    onProblem={onProblem}
                    onMarked={(range) => showPassage(number, range)}
                  />
                </div>
              );
            })}
        </div>
      </div>
    </div>
  );
}

function isSame(known: PageSize | undefined, { width, height }: PageSize): boolean {
  return known?.width === width && known.height === height;
}
