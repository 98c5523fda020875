import { Bar } from '../parts/bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { useNow } from '../state/use-now.ts';
import { useSpeed } from '../state/use-speed.ts';
import { leftOf } from '../wording/jobs.ts';
import { fileSize } from '../wording/numbers.ts';
import type { SentVersion } from './replace-document.ts';

/** Shows a new version on its way to the server, with a button that stops it. */
export function SentVersionSign({
  version: { state, sent, size, problem },
  filename,
  onCancel,
}: {
  version: SentVersion;
  filename: string;
  onCancel: () => void;
}) {
  const now = useNow();
  const isMoving = state === 'sending' && sent < size;
  const speed = useSpeed('bytes', isMoving ? sent : undefined, now);
  return (
    <div class="sent-version">
      <Bar share={size === 0 ? 1 : sent / size} label={`Sent of the new version of ${filename}`} />
      <p class="facts" role="status">
        {state === 'pausing' && problem
          ? `${problem.message} It goes on by itself.`
          : 'Sending the new version'}
      </p>
      <p class="facts">
        <span>
          {fileSize(sent)} of {fileSize(size)}
        </span>
        {isMoving && speed !== undefined && speed > 0 && (
          <>
            <span>{fileSize(speed)}/s</span>
            <span>{leftOf(((size - sent) / speed) * 1000)}</span>
          </>
        )}
        {state === 'sending' && sent >= size && <span>Waits until the server has stored it</span>}
      </p>
      <button type="button" class="button quiet" onClick={onCancel}>
        <Icon name="cancel" />
        Cancel the new version
      </button>
    </div>
  );
}
