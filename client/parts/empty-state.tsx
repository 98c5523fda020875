import type { ComponentChildren } from 'preact';

/** Says what belongs in an empty part of the page, and what to do for it. */
export function EmptyState({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}
