import { useEffect, useRef } from 'preact/hooks';

import { hrefOf } from '../../app/route.ts';
import { Problem } from '../../parts/problem.tsx';
import type { Document } from '../../../src/contract/documents.ts';
import { whole } from '../../wording/numbers.ts';
import { ChunkField } from './chunk-field.tsx';
import { useChunkWindow } from './use-chunk-window.ts';

/** Lists the stored chunks of a document. @param chunk index of the marked one */
export function ChunkList({ document, chunk }: { document: Document; chunk: number | undefined }) {
  const { id, chunk_count: count } = document;
  const list = useRef<HTMLOListElement>(null);
  const { loaded, problem, extend, retry } = useChunkWindow(id, count, chunk ?? 0, list);
  const shownChunk = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (chunk === undefined || !loaded || shownChunk.current === chunk) return;
    shownChunk.current = chunk;
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' });
  }, [chunk, loaded]);
  if (!loaded)
    return problem ? (
      <Problem problem={problem} onRetry={retry} />
    ) : (
      <p class="hint" aria-busy="true">
        Loading…
      </p>
    );
  return (
    <div class="chunk-view">
      <ChunkField id={id} count={count} shown="chunks" />
      {loaded.first > 0 && (
        <button type="button" class="button quiet" onClick={() => extend('before')}>
          Show the chunks before {whole(loaded.first)}
        </button>
      )}
      <ol ref={list} class="passages">
        {loaded.chunks.map(({ chunk_index: index, text, start, end, page, heading, context, ocr }) => (
          <li
            key={index}
            class="passage"
            data-start={start}
            aria-current={index === chunk ? 'true' : undefined}
          >
            <p class="origin">
              <span>
                <a href={hrefOf('document', id, { chunk: index, view: 'chunks' })}>Chunk {whole(index)}</a>
              </span>
              {page !== undefined && <span>page {whole(page)}</span>}
              {heading !== undefined && <span>{heading}</span>}
              {ocr && <span>read by text recognition</span>}
              <span>
                {whole(start)}–{whole(end)}
              </span>
              <a href={hrefOf('document', id, { chunk: index, view: 'text' })}>
                In the text<span class="visually-hidden">: chunk {whole(index)}</span>
              </a>
            </p>
            {context !== undefined && (
              <p class="context">
                <span class="hint">Embedded with </span>
                {context}
              </p>
            )}
            <p class="chunk-text">{text}</p>
          </li>
        ))}
      </ol>
      {problem && <Problem problem={problem} onRetry={retry} />}
      {loaded.end < count && (
        <button type="button" class="button quiet" onClick={() => extend('after')}>
          Show more
        </button>
      )}
    </div>
  );
}
