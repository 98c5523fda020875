import { useEffect, useState } from 'preact/hooks';

/** Returns the time in ms since 1970, and renders again each second. A hidden page renders nothing. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
