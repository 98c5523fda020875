import { useRef } from 'preact/hooks';

import { Icon } from '../parts/icon.tsx';
import type { TakeFiles } from './take-files.ts';

/** Lets the user choose files or a folder, and shows where to drop them. */
export function ChooseFiles({ isOver, take }: { isOver: boolean; take: TakeFiles }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement | null>(null);
  const onChange = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const chosen = [...(currentTarget.files ?? [])];
    // Lets the user choose the same files again.
    currentTarget.value = '';
    const [top] = chosen[0]?.webkitRelativePath.split('/') ?? [];
    if (chosen.length > 0) take(chosen, top || undefined);
  };
  return (
    <div class={`drop-zone ${isOver ? 'over' : ''}`}>
      <p class="drop-words">Drop files or folders anywhere on this page, or paste them.</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => files.current?.click()}>
          <Icon name="upload" /> Choose files
        </button>
        <button type="button" class="button quiet" onClick={() => folder.current?.click()}>
          <Icon name="folder" /> Choose a folder
        </button>
      </div>
      <p class="hint">PDF, scans and images, Office, web pages, mail, Markdown, text and more</p>
      <input ref={files} type="file" multiple hidden aria-label="Files to upload" onChange={onChange} />
      <input
        ref={(input) => {
          folder.current = input;
          // Preact's types do not know the attribute.
          input?.setAttribute('webkitdirectory', '');
        }}
        type="file"
        hidden
        aria-label="Folder to upload"
        onChange={onChange}
      />
    </div>
  );
}
