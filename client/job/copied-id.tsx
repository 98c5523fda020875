import { useRef } from 'preact/hooks';

import { say } from '../app/toasts.tsx';

/** Shows an id, with a button that copies it. */
export function CopiedId({ id, name }: { id: string; name: string }) {
  const code = useRef<HTMLElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(id);
      say(`The ${name} is copied.`);
    } catch {
      // The clipboard needs HTTPS and a permission. The user can still copy the selected text.
      const { current } = code;
      if (current) getSelection()?.selectAllChildren(current);
      say('The browser refuses to copy. The id is selected: copy it with Ctrl+C.');
    }
  };
  return (
    <span class="copied-id">
      <code ref={code}>{id}</code>
      <button type="button" class="link-button" onClick={() => void copy()}>
        Copy<span class="visually-hidden"> the {name}</span>
      </button>
    </span>
  );
}
