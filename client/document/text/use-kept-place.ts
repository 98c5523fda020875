import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Keeps the visible text in its place while the page adds or removes text above it.
 * @param version another value for each state of the content
 * @returns a function to call just before a change
 */
export function useKeptPlace(content: RefObject<HTMLElement | null>, version: unknown): () => void {
  const kept = useRef<{ start: string; top: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const { current: place } = kept;
    kept.current = undefined;
    if (!place) return;
    const element = content.current?.querySelector(`[data-start="${place.start}"]`);
    if (element) window.scrollBy(0, element.getBoundingClientRect().top - place.top);
  }, [version]);
  return useCallback(() => {
    // The first block may grow, because the text before it belongs to the same paragraph.
    const [, ...blocks] = content.current?.querySelectorAll<HTMLElement>('[data-start]') ?? [];
    const seen = blocks.find((block) => block.getBoundingClientRect().bottom > 0) ?? blocks.at(-1);
    if (seen) kept.current = { start: seen.dataset['start'] ?? '', top: seen.getBoundingClientRect().top };
  }, [content]);
}
