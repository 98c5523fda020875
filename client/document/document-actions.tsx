import { useRef, useState } from 'preact/hooks';

import { go, hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { say, sayProblem } from '../app/toasts.tsx';
import { Icon } from '../parts/icon.tsx';
import { deleteLater } from '../state/pending-deletions.ts';
import type { SluiceError } from '../sdk/sluice.ts';
import type { Document } from '../../src/contract/documents.ts';
import { download } from './download.ts';
import { JobSign, type StartedJob } from './job-sign.tsx';
import { replaceDocument, type SentVersion } from './replace-document.ts';
import { SentVersionSign } from './sent-version.tsx';

/** Shows the buttons of a document. @param onChange called after a change on the server */
export function DocumentActions({ document, onChange }: { document: Document; onChange: () => void }) {
  const sluice = useSluice();
  const [isLoading, setLoading] = useState(false);
  const [version, setVersion] = useState<SentVersion>();
  const [started, setStarted] = useState<StartedJob>();
  const file = useRef<HTMLInputElement>(null);
  const stop = useRef(new AbortController());
  const { id, filename, collection } = document;

  const run = (action: () => Promise<void>) => void action().catch(sayProblem);
  const fetchOriginal = () =>
    run(async () => {
      setLoading(true);
      await download(sluice, document).finally(() => setLoading(false));
    });
  const reindex = () =>
    run(async () => {
      const { job_id } = await sluice.reindex(id);
      setStarted({ id: job_id, words: 'The document is being indexed again.' });
      onChange();
    });
  const replace = (input: HTMLInputElement) =>
    run(async () => {
      const [blob] = input.files ?? [];
      // Lets the user choose the same file again.
      input.value = '';
      if (!blob) return;
      setStarted(undefined);
      setVersion({ state: 'waiting', sent: 0, size: blob.size, problem: undefined });
      const { signal } = (stop.current = new AbortController());
      try {
        const id = await replaceDocument(sluice, document, blob, setVersion, signal);
        setStarted({
          id,
          words: 'The new version is being indexed. Searches use the former one until then.',
        });
      } catch (error) {
        if ((error as SluiceError).code !== 'aborted') throw error;
        say('The new version is cancelled. The present one stays.');
      } finally {
        setVersion(undefined);
      }
    });
  const remove = () => {
    deleteLater(sluice, [document]);
    go(hrefOf('library', collection));
  };
  return (
    <>
      <div class="actions">
        <button type="button" class="button quiet" disabled={isLoading} onClick={fetchOriginal}>
          <Icon name="download" />
          {isLoading ? 'Downloading…' : 'Download'}
        </button>
        <button
          type="button"
          class="button quiet"
          disabled={version !== undefined}
          onClick={() => file.current?.click()}
        >
          <Icon name="upload" />
          Replace
        </button>
        <input
          ref={file}
          type="file"
          hidden
          aria-label={`New version of ${filename}`}
          onChange={({ currentTarget }) => replace(currentTarget)}
        />
        <button type="button" class="button quiet" onClick={reindex}>
          <Icon name="retry" />
          Index again
        </button>
        <button type="button" class="button quiet" onClick={remove}>
          <Icon name="remove" />
          Delete
        </button>
      </div>
      {version && (
        <SentVersionSign version={version} filename={filename} onCancel={() => stop.current.abort()} />
      )}
      {started && <JobSign key={started.id} started={started} />}
    </>
  );
}
