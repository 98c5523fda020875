import { changeKey } from '../app/key-dialog.tsx';
import type { SluiceError } from '../sdk/sluice.ts';

/** Says why a part of the page has no content, with a button to try again. */
export function Problem({ problem, onRetry }: { problem: SluiceError; onRetry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>{problem.message}</p>
      {problem.code === 'forbidden' && (
        <button type="button" class="button quiet" onClick={changeKey}>
          Use another key
        </button>
      )}
      {onRetry && (
        <button type="button" class="button quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
