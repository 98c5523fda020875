import { useEffect, useState } from 'preact/hooks';

import { percent, whole } from '../../wording/numbers.ts';

/** Shows the page number and the zoom of a PDF. @param scale 1 for the printed size */
export function PdfTools({
  page,
  count,
  scale,
  isFitting,
  onPage,
  onZoom,
  onFit,
}: {
  page: number;
  count: number;
  scale: number;
  isFitting: boolean;
  onPage: (page: number) => void;
  onZoom: (direction: 'in' | 'out') => void;
  onFit: () => void;
}) {
  const [typed, setTyped] = useState(String(page));
  useEffect(() => setTyped(String(page)), [page]);
  const turn = (event: Event) => {
    event.preventDefault();
    if (/^\d+$/.test(typed.trim())) onPage(Number(typed));
    else setTyped(String(page));
  };
  return (
    <div class="pdf-tools" role="group" aria-label="Viewer">
      <button
        type="button"
        class="icon-button"
        aria-label="Previous page"
        disabled={page <= 1}
        onClick={() => onPage(page - 1)}
      >
        ‹
      </button>
      <form onSubmit={turn}>
        <label for="pdf-page-number" class="visually-hidden">
          Page
        </label>
        <input
          id="pdf-page-number"
          class="input"
          inputMode="numeric"
          autocomplete="off"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onFocus={({ currentTarget }) => currentTarget.select()}
          onBlur={turn}
        />
        <span>of {whole(count)}</span>
      </form>
      <button
        type="button"
        class="icon-button"
        aria-label="Next page"
        disabled={page >= count}
        onClick={() => onPage(page + 1)}
      >
        ›
      </button>
      <span class="pdf-zoom">
        <button type="button" class="icon-button" aria-label="Zoom out" onClick={() => onZoom('out')}>
          −
        </button>
        <span class="pdf-scale">{percent(scale + 0.005)}</span>
        <button type="button" class="icon-button" aria-label="Zoom in" onClick={() => onZoom('in')}>
          +
        </button>
        <button type="button" class="button quiet" aria-pressed={isFitting} onClick={onFit}>
          Fit width
        </button>
      </span>
    </div>
  );
}
