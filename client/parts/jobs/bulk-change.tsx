import type { ComponentChildren } from 'preact';
import { useCallback, useState } from 'preact/hooks';

import { useSluice } from '../../app/sluice-context.ts';
import { say, sayProblem } from '../../app/toasts.tsx';
import type { BulkResult } from '../../../src/contract/jobs.ts';
import type { JobSelection } from '../../sdk/api.ts';
import { useRequest } from '../../state/use-request.ts';
import { quantity, whole } from '../../wording/numbers.ts';
import { Confirm } from '../confirm.tsx';
import { capitalize } from '../../wording/texts.ts';

/** Time in ms for which the result stays. It may name several counts. */
const RESULT_MS = 20_000;

/** A change of many jobs that the user asked for. */
export interface BulkChange {
  kind: 'cancel' | 'retry';
  /** Names the jobs: “waiting jobs in “papers””. */
  words: string;
  /** Selects the same jobs, so that the server counts them. */
  selection: JobSelection;
  run: () => Promise<BulkResult>;
}

const WORDS = {
  cancel: {
    title: 'Cancel these jobs?',
    verb: 'Cancel',
    done: 'cancelled',
    keep: 'Keep them',
    tone: 'danger',
  },
  retry: { title: 'Retry these jobs?', verb: 'Retry', done: 'retried', keep: 'Not now', tone: 'plain' },
} as const;

/** Returns a function that asks for a change of many jobs, whether one runs, and its dialog. */
export function useBulkChange(): {
  ask: (change: BulkChange) => void;
  isRunning: boolean;
  dialog: ComponentChildren;
} {
  const [change, setChange] = useState<BulkChange>();
  const [isRunning, setRunning] = useState(false);
  const close = useCallback(() => setChange(undefined), []);
  const run = async ({ kind, run }: BulkChange) => {
    setRunning(true);
    try {
      const result = await run();
      const hasFailed = result.failed.length > 0;
      say(resultOf(kind, result), { tone: hasFailed ? 'problem' : 'plain', shownMs: RESULT_MS });
    } catch (error) {
      sayProblem(error);
    } finally {
      setRunning(false);
    }
  };
  return {
    ask: setChange,
    isRunning,
    dialog: change && <Question change={change} onConfirm={() => void run(change)} onClose={close} />,
  };
}

function Question({
  change,
  onConfirm,
  onClose,
}: {
  change: BulkChange;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const sluice = useSluice();
  const { kind, words, selection } = change;
  const { title, verb, keep, tone } = WORDS[kind];
  const { data, problem } = useRequest(JSON.stringify(selection), (signal) =>
    sluice.jobs({ ...selection, limit: 1, total: true }, { signal }),
  );
  const count = data?.total ?? data?.total_at_least;
  const counted = `${data?.total_at_least === undefined ? '' : 'at least '}${quantity(count ?? 0, 'job')}`;
  return (
    <Confirm
      title={title}
      action={count ? `${verb} ${counted}` : verb}
      keep={keep}
      tone={tone}
      isReady={count !== undefined && count > 0}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        Selected: <strong>{words}</strong>.
      </p>
      <p role="status">
        {problem ? problem.message : count === undefined ? 'Counting…' : `${capitalize(counted)} now.`}
      </p>
      {kind === 'cancel' && (
        <p class="hint">A cancelled job can be retried while the server keeps its file.</p>
      )}
    </Confirm>
  );
}

/** Formats “27 jobs cancelled. 2 skipped, because they had ended or gone on. 1 failed: …”. */
export function resultOf(kind: 'cancel' | 'retry', result: BulkResult): string {
  const { matched, changed, skipped, failed } = result;
  const failures = matched - changed - skipped;
  const parts = [`${quantity(changed, 'job')} ${WORDS[kind].done}.`];
  if (skipped > 0) parts.push(`${whole(skipped)} skipped, because they had ended or gone on.`);
  const [first] = failed;
  if (failures > 0) parts.push(`${whole(failures)} failed${first ? `: ${first.detail}` : '.'}`);
  return parts.join(' ');
}
