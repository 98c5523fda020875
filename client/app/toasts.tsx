import { useEffect } from 'preact/hooks';

import { Store } from '../state/store.ts';
import { useStore } from '../state/use-store.ts';

/** Time in ms for which a message stays. It suffices to read two sentences. */
const SHOWN_MS = 8000;

interface Toast {
  id: number;
  words: string;
  tone: 'plain' | 'problem';
  action?: { label: string; run: () => void } | undefined;
  shownMs: number;
}

const toasts = new Store<readonly Toast[]>([]);
let made = 0;

/** Shows a message at the edge of the page, and says it to assistive technology. @returns its removal */
export function say(
  words: string,
  { tone = 'plain', action, shownMs = SHOWN_MS }: Partial<Omit<Toast, 'id' | 'words'>> = {},
): () => void {
  const id = ++made;
  // Three suffice: more would hide the page. One with an action stays, because the action has no other place.
  const plain = toasts.value.filter((toast) => !toast.action);
  const surplus = new Set(plain.slice(0, Math.max(0, plain.length - 2)));
  toasts.set([...toasts.value.filter((toast) => !surplus.has(toast)), { id, words, tone, action, shownMs }]);
  return () => remove(id);
}

/** Shows why a call failed. */
export function sayProblem(error: unknown): void {
  const { message, code } = error as { message: string; code?: string };
  if (code !== 'aborted' && code !== 'closed') say(message, { tone: 'problem' });
}

function remove(id: number): void {
  toasts.set(toasts.value.filter((toast) => toast.id !== id));
}

/** Shows the latest messages. */
export function Toasts() {
  const all = useStore(toasts);
  return (
    <div class="toasts" role="log" aria-label="Messages">
      <ul>
        {all.map((toast) => (
          <ToastItem key={toast.id} toast={toast} />
        ))}
      </ul>
    </div>
  );
}

function ToastItem({ toast: { id, words, tone, action, shownMs } }: { toast: Toast }) {
  useEffect(() => {
    const timer = setTimeout(() => remove(id), shownMs);
    return () => clearTimeout(timer);
  }, [id, shownMs]);
  return (
    <li class="toast" data-tone={tone}>
      <span>{words}</span>
      {action && (
        <button
          type="button"
          class="link-button"
          onClick={() => {
            remove(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" class="icon-button" aria-label="Dismiss this message" onClick={() => remove(id)}>
        ×
      </button>
    </li>
  );
}
