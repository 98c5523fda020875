import { useEffect, useState } from 'preact/hooks';

/** Returns whether the window is narrow, by the limit of the style sheets. */
export function useIsNarrow(): boolean {
  const [narrow] = useState(() => window.matchMedia('(max-width: 799px)'));
  const [isNarrow, setNarrow] = useState(narrow.matches);
  useEffect(() => {
    const look = () => setNarrow(narrow.matches);
    narrow.addEventListener('change', look);
    return () => narrow.removeEventListener('change', look);
  }, [narrow]);
  return isNarrow;
}
