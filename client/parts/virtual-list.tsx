import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows beyond each edge of the window, so that scrolling shows no gap. */
const MARGIN = 8;

/**
 * Shows a long list of rows of equal height. It renders only those near the window: 5,000 rows would take the browser
 * seconds.
 * @param rowHeight height of a row with its gap, in CSS pixels, as the style sheet sets it
 */
export function VirtualList<T>({
  items,
  rowHeight,
  keyOf,
  label,
  class: className,
  children,
}: {
  items: readonly T[];
  rowHeight: number;
  keyOf: (item: T) => string;
  label: string;
  class?: string;
  children: (item: T) => ComponentChildren;
}) {
  const list = useRef<HTMLUListElement>(null);
  const [range, setRange] = useState<readonly [number, number]>([0, 30]);
  const height = useRef(rowHeight);
  height.current = rowHeight;
  useLayoutEffect(() => {
    const look = () => {
      if (!list.current) return;
      const above = -list.current.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(above / height.current) - MARGIN);
      const last = Math.ceil((above + window.innerHeight) / height.current) + MARGIN;
      setRange((former) => (former[0] === first && former[1] === last ? former : [first, Math.max(last, 0)]));
    };
    look();
    window.addEventListener('scroll', look, { passive: true });
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look);
      window.removeEventListener('resize', look);
    };
  }, [rowHeight, items.length === 0]);
  const first = Math.min(range[0], Math.max(0, items.length - 1));
  const shown = items.slice(first, range[1]);
  return (
    <ul
      ref={list}
      class={`virtual-list ${className ?? ''}`}
      aria-label={label}
      style={{ height: `${items.length * rowHeight}px` }}
    >
      {shown.map((item, i) => (
        <li
          key={keyOf(item)}
          aria-setsize={items.length}
          aria-posinset={first + i + 1}
          style={{ transform: `translateY(${(first + i) * rowHeight}px)`, height: `${rowHeight}px` }}
        >
          {children(item)}
        </li>
      ))}
    </ul>
  );
}
