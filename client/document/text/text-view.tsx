import { useEffect, useMemo, useRef } from 'preact/hooks';

import { EmptyState } from '../../parts/empty-state.tsx';
import { Problem } from '../../parts/problem.tsx';
import type { Document } from '../../../src/contract/documents.ts';
import { whole } from '../../wording/numbers.ts';
import { ChunkField } from './chunk-field.tsx';
import { blocksOf } from './text-blocks.ts';
import { TextBlock } from './text-block.tsx';
import { useChunkWindow } from './use-chunk-window.ts';

/** Distance from the edge of the window at which the view loads more text. */
const AHEAD = '1200px';

/** Shows the text that Sluice read. It loads more as the user scrolls. @param chunk index of the marked one */
export function TextView({ document, chunk }: { document: Document; chunk: number | undefined }) {
  const { id, chunk_count: count } = document;
  const content = useRef<HTMLDivElement>(null);
  const { loaded, problem, extend, retry } = useChunkWindow(id, count, chunk ?? 0, content);
  const blocks = useMemo(() => blocksOf(loaded?.chunks ?? []), [loaded]);
  const passage =
    chunk === undefined ? undefined : loaded?.chunks.find(({ chunk_index }) => chunk_index === chunk);

  const shownChunk = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (chunk === undefined || !passage || shownChunk.current === chunk) return;
    shownChunk.current = chunk;
    content.current?.querySelector('mark')?.scrollIntoView({ block: 'center' });
  }, [chunk, passage]);

  const before = useRef<HTMLDivElement>(null);
  const after = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem) return;
    // Observes again after each change, because a short text leaves the edge in sight.
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries)
          if (isIntersecting) extend(target === before.current ? 'before' : 'after');
      },
      { rootMargin: AHEAD },
    );
    if (before.current) observer.observe(before.current);
    if (after.current) observer.observe(after.current);
    return () => observer.disconnect();
  }, [loaded, problem, extend]);

  if (!loaded)
    return problem ? (
      <Problem problem={problem} onRetry={retry} />
    ) : (
      <p class="hint" aria-busy="true">
        Loading…
      </p>
    );
  if (count === 0)
    return (
      <EmptyState title="This document has no text">
        <p>Sluice found nothing to read in it. Its original may show why.</p>
      </EmptyState>
    );
  return (
    <div class="text-view">
      <div class="text-tools">
        <ChunkField id={id} count={count} shown="text" />
        <p class="hint">
          Chunks {whole(loaded.first)} to {whole(loaded.end - 1)} loaded
        </p>
      </div>
      <div ref={content} class="panel read-text">
        <div ref={before} />
        {loaded.first > 0 && (
          <p class="hint" aria-busy="true">
            Loading the text before…
          </p>
        )}
        {blocks.map((block) => (
          <TextBlock key={`${block.kind} ${block.start}`} block={block} passage={passage} />
        ))}
        {problem && <Problem problem={problem} onRetry={retry} />}
        {loaded.end < count && !problem && (
          <p class="hint" aria-busy="true">
            Loading more…
          </p>
        )}
        <div ref={after} />
      </div>
    </div>
  );
}
