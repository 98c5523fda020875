import { changeKey } from '../app/key-dialog.tsx';
import type { SluiceError } from '../sdk/sluice.ts';
import { EmptyState } from '../parts/empty-state.tsx';

/** Says that the key does not show the operations, and which key does. @param problem names the missing scope */
export function MissingScope({ problem }: { problem: SluiceError }) {
  return (
    <EmptyState title="This key does not show operations">
      <p role="alert">{problem.message}</p>
      <p>Ask the operator of this server for a key with that scope. Without it, “Uploads” lists the jobs.</p>
      <button type="button" class="button" onClick={changeKey}>
        Use another key
      </button>
    </EmptyState>
  );
}
