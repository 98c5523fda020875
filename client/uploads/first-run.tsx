import { useState } from 'preact/hooks';

import { sayProblem } from '../app/toasts.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import type { TakeFiles } from './take-files.ts';

const SAMPLE = 'sample-tides.md';

/** Teaches a first user what happens here, with a document to try. */
export function FirstRun({ take }: { take: TakeFiles }) {
  const [isFetching, setFetching] = useState(false);
  const fetchSample = async () => {
    setFetching(true);
    try {
      const response = await fetch(`./${SAMPLE}`);
      if (!response.ok) throw new Error('The sample document is not on this server.');
      take([new File([await response.blob()], SAMPLE, { type: 'text/markdown', lastModified: 0 })]);
    } catch (error) {
      sayProblem(error);
    } finally {
      setFetching(false);
    }
  };
  return (
    <EmptyState title="Nothing here yet">
      <ol class="first-steps">
        <li>
          <strong>Upload</strong> a document. Sluice reads it, cuts it into chunks and embeds them, and you
          see each step.
        </li>
        <li>
          <strong>Search</strong> it by its words or by what it means. A hit opens the document at its page.
        </li>
        <li>
          <strong>Build</strong> on it: whatever this page does, <a href="./docs">the API</a> does, too.
        </li>
      </ol>
      <button type="button" class="button" disabled={isFetching} onClick={() => void fetchSample()}>
        Try a sample document
      </button>
    </EmptyState>
  );
}
