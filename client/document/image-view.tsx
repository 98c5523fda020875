import { useEffect, useRef, useState } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { useRequest } from '../state/use-request.ts';
import type { Document } from '../../src/contract/documents.ts';
import { readContent } from './read-content.ts';

/** Shows an image on a canvas. An `img` cannot send a key, and the content policy allows no `blob:` address. */
export function ImageView({ document: { id, filename } }: { document: Document }) {
  const sluice = useSluice();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isBroken, setBroken] = useState(false);
  const { data, problem, reload } = useRequest(`image ${id}`, (signal) =>
    readContent(sluice, id, { signal }),
  );
  useEffect(() => {
    if (!data) return;
    createImageBitmap(data).then(
      (image) => {
        if (!canvas.current) return;
        canvas.current.width = image.width;
        canvas.current.height = image.height;
        canvas.current.getContext('2d')?.drawImage(image, 0, 0);
        image.close();
      },
      () => setBroken(true),
    );
  }, [data]);
  if (problem) return <Problem problem={problem} onRetry={reload} />;
  if (isBroken)
    return (
      <EmptyState title="The browser cannot show this image">
        <p>Download it to open it with another program.</p>
      </EmptyState>
    );
  return (
    <div class="panel image-view">
      {!data && (
        <p class="hint" aria-busy="true">
          Loading…
        </p>
      )}
      <canvas ref={canvas} role="img" aria-label={filename} hidden={!data} />
    </div>
  );
}
