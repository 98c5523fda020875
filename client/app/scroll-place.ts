/** Longest time in ms that a view may take to load what stood at the place. */
const LONGEST_MS = 5000;
/** By these the user begins something else. */
const OWN_MOVES = ['wheel', 'touchstart', 'pointerdown', 'keydown', 'hashchange'] as const;

/** Place of the window in CSS pixels from the top, as an entry of the browser's history holds it. */
interface EntryState {
  place?: number;
}

let wanted = placeOfEntry();

// The browser would scroll at once, while the view still loads its list.
window.history.scrollRestoration = 'manual';
window.addEventListener('scrollend', () => {
  const state: EntryState = { place: window.scrollY };
  window.history.replaceState(state, '');
});

/** Notes the place of the entry that the user has come to. MUST run before its view renders, because that may scroll. */
export function notePlace(): void {
  wanted = placeOfEntry();
}

/**
 * Scrolls to where the user left this entry, as soon as the view is long enough. A new entry begins at the top, if it shows
 * another view.
 */
export function arriveAtPlace(isOtherView: boolean): void {
  const place = wanted ?? (isOtherView ? 0 : undefined);
  wanted = undefined;
  if (place === undefined) return;
  let reached = -1;
  const isThere = () => {
    window.scrollTo(0, place);
    reached = window.scrollY;
    return reached >= Math.floor(place);
  };
  if (isThere()) return;
  const done = new AbortController();
  const growth = new ResizeObserver(() => isThere() && done.abort());
  growth.observe(document.body);
  const timer = setTimeout(() => done.abort(), LONGEST_MS);
  done.signal.addEventListener('abort', () => {
    growth.disconnect();
    clearTimeout(timer);
  });
  const options = { signal: done.signal, passive: true };
  for (const move of OWN_MOVES) window.addEventListener(move, () => done.abort(), options);
  // A search within the page scrolls, too.
  window.addEventListener('scroll', () => Math.abs(window.scrollY - reached) > 1 && done.abort(), options);
}

function placeOfEntry(): number | undefined {
  return (window.history.state as EntryState | null)?.place;
}
