import { Bar } from '../parts/bar.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { fileSize } from '../wording/numbers.ts';
import { leftOf } from '../wording/jobs.ts';
import { useUploadQueue } from './queue-context.ts';
import type { Sending } from './upload-queue.ts';

const WORDS: Record<Sending['state'], string> = {
  waiting: 'Waiting to be sent',
  sending: 'Sending',
  pausing: 'Waits for the connection',
  paused: 'Paused',
  refused: 'Not uploaded',
  accepted: 'Uploaded',
};

/** Shows a file on its way to the server. */
export function SendingRow({ item }: { item: Sending }) {
  const queue = useUploadQueue();
  const { key, file, state, sent, speed, problem, options } = item;
  const share = file.size > 0 ? sent / file.size : 0;
  const isMoving = state === 'sending' || state === 'pausing' || state === 'paused';
  const isStored = state === 'sending' && sent >= file.size;
  return (
    <div class="row" data-status={state}>
      <div class="row-head">
        <h3 class="filename cut" title={file.name}>
          {file.name}
        </h3>
        <StatusBadge state={state} words={WORDS[state]} />
      </div>
      {isMoving && <Bar share={share} label={`Sent of ${file.name}`} />}
      {problem && (
        <p class="message">
          {state === 'pausing' ? `${problem.message} It goes on by itself.` : problem.message}
        </p>
      )}
      <p class="facts">
        {isMoving ? (
          <span>
            {fileSize(sent)} of {fileSize(file.size)}
          </span>
        ) : (
          <span>{fileSize(file.size)}</span>
        )}
        {speed !== undefined && speed > 0 && !isStored && (
          <>
            <span>{fileSize(speed)}/s</span>
            <span>{leftOf(((file.size - sent) / speed) * 1000)}</span>
          </>
        )}
        {isStored && <span>Waits until the server has stored it</span>}
        <span class="cut">in {options.collection}</span>
      </p>
      <div class="row-actions">
        {(state === 'waiting' || state === 'sending' || state === 'pausing') && (
          <Action icon="pause" title="Pause" name={file.name} run={() => queue.pause(key)} />
        )}
        {state === 'paused' && (
          <Action icon="play" title="Resume" name={file.name} run={() => queue.resume(key)} />
        )}
        {state === 'refused' && isWorthTrying(item) && (
          <Action icon="retry" title="Send again" name={file.name} run={() => queue.resume(key)} />
        )}
        {state !== 'accepted' && (
          <Action
            icon="cancel"
            title={state === 'refused' ? 'Remove' : 'Cancel'}
            name={file.name}
            run={() => queue.cancel(key)}
          />
        )}
      </div>
    </div>
  );
}

function Action({
  icon,
  title,
  name,
  run,
}: {
  icon: IconName;
  title: string;
  name: string;
  run: () => void;
}) {
  return (
    <button type="button" class="icon-button" aria-label={`${title} ${name}`} title={title} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}

/** Returns whether another try may succeed. The server refuses a faulty file each time. */
function isWorthTrying({ problem }: Sending): boolean {
  const { status = 500 } = problem ?? {};
  return status >= 500 || status === 408 || status === 409 || status === 429;
}
