import { hrefOf } from '../app/route.ts';
import { flow } from '../parts/marked-text.tsx';
import { Problem } from '../parts/problem.tsx';
import { whole } from '../wording/numbers.ts';
import { usePassage } from './use-passage.ts';

/** Shows a passage beside an original in which the page cannot mark it. */
export function PassageAside({ id, chunk }: { id: string; chunk: number }) {
  const { data, problem, isLoading, reload } = usePassage(id, chunk);
  return (
    <aside class="panel passage-aside" aria-label="The passage">
      {problem && <Problem problem={problem} onRetry={reload} />}
      {isLoading && !data && !problem && (
        <p class="hint" aria-busy="true">
          Loading…
        </p>
      )}
      {data && (
        <>
          <p class="facts">
            {data.page !== undefined && <span>page {whole(data.page)}</span>}
            {data.heading !== undefined && <span>{data.heading}</span>}
            {data.ocr && <span>read by text recognition</span>}
          </p>
          <p class="passage-text">
            <mark>{flow(data.text)}</mark>
          </p>
        </>
      )}
      <a href={hrefOf('document', id, { chunk, view: 'text' })}>Show it in the text</a>
    </aside>
  );
}
