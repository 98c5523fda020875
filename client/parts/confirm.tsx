import type { ComponentChildren } from 'preact';

import { Dialog } from './dialog.tsx';

/** Asks before an action on many jobs or documents, or one without an undo. */
export function Confirm({
  title,
  action,
  keep = 'Keep',
  tone = 'danger',
  isReady = true,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  /** Label of the button that confirms. */
  action: string;
  /** Label of the button that changes nothing. */
  keep?: string;
  tone?: 'danger' | 'plain';
  /** Whether the text says all that the user must know. */
  isReady?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-text">{children}</div>
      <div class="dialog-actions">
        <button type="button" class="button quiet" onClick={onClose}>
          {keep}
        </button>
        <button
          type="button"
          class={tone === 'danger' ? 'button danger' : 'button'}
          disabled={!isReady}
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
