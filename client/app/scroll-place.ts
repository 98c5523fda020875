/** Longest time in ms that a view may take to load what stood at the place. */
const LONGEST_MS = 5000;
/** By these the user scrolls, or begins something else. */
const OWN_MOVES = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const;

/** Places of the window by entry of the history, in CSS pixels from the top. */
const places = new Map<number, number>();
let entries = 0;
let entry = nameEntry();

// The browser would scroll at once, while the view still loads its list.
window.history.scrollRestoration = 'manual';

/** Notes the place of the entry that the user leaves. MUST run before the next view renders. */
export function leavePlace(): void {
  places.set(entry, window.scrollY);
  entry = nameEntry();
}

/** Scrolls to where the user left this entry, as soon as the view is long enough, or to the top of a new one. */
export function arriveAtPlace(): void {
  const wanted = places.get(entry) ?? 0;
  const isThere = () => {
    window.scrollTo(0, wanted);
    return window.scrollY >= Math.floor(wanted);
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
  for (const move of [...OWN_MOVES, 'hashchange'] as const)
    window.addEventListener(move, () => done.abort(), { signal: done.signal, passive: true });
}

/** Returns the number of the history's entry. It gives a new entry one, which a reload keeps. */
function nameEntry(): number {
  const { entry: known } = (window.history.state ?? {}) as { entry?: number };
  if (known !== undefined) {
    entries = Math.max(entries, known);
    return known;
  }
  window.history.replaceState({ entry: ++entries }, '');
  return entries;
}
