import { useEffect, useRef, useState } from 'preact/hooks';

import { hrefOf } from '../app/route.ts';
import { useSluice } from '../app/sluice-context.ts';
import { say, sayProblem } from '../app/toasts.tsx';
import type { BatchView } from '../../src/contract/batches/batch.ts';
import { isTerminal, type Job } from '../../src/contract/job.ts';
import { Bar } from '../parts/bar.tsx';
import { openOf, summaryOf } from '../wording/batches.ts';
import { leftOf } from '../wording/jobs.ts';
import { fileSize, quantity } from '../wording/numbers.ts';
import { compareTexts } from '../wording/texts.ts';
import { useStore } from '../state/use-store.ts';
import { useUploadQueue } from './queue-context.ts';
import { isUnsent } from './upload-queue.ts';

/** Most batches to show. More would push the list out of sight. */
const SHOWN = 3;

/** Shows the latest batches, those under way first. */
export function BatchCards({ jobs }: { jobs: Iterable<Job> }) {
  const active = new Set<string>();
  const latest = new Map<string, string>();
  for (const { batch, status, created_at: made = '' } of jobs) {
    if (batch === undefined) continue;
    if (!isTerminal(status)) active.add(batch);
    if (made > (latest.get(batch) ?? '')) latest.set(batch, made);
  }
  const names = [...latest.keys()]
    .toSorted((a, b) => compareTexts(latest.get(b), latest.get(a)))
    .toSorted((a, b) => Number(active.has(b)) - Number(active.has(a)))
    .slice(0, SHOWN);
  if (names.length === 0) return null;
  return (
    <section aria-label="Latest batches" class="batch-cards">
      {names.map((name) => (
        <BatchCard key={name} name={name} isActive={active.has(name)} />
      ))}
    </section>
  );
}

function BatchCard({ name, isActive }: { name: string; isActive: boolean }) {
  const sluice = useSluice();
  const [batch, setBatch] = useState<BatchView>();
  const wasActive = useRef(false);
  useEffect(() => {
    const watch = sluice.watchBatch(name, { onBatch: setBatch });
    return () => watch.stop();
  }, [sluice, name, isActive]);
  const open = batch ? openOf(batch) : 0;
  const items = useStore(useUploadQueue().items);
  const isSending = items.some((item) => item.options.batch === name && isUnsent(item));
  useEffect(() => {
    if (!batch) return;
    // While files are on their way, the batch has not ended, whatever it has so far.
    if (open > 0 || isSending) wasActive.current = true;
    else if (wasActive.current) {
      wasActive.current = false;
      say(`${name}: ${summaryOf(batch)}`);
    }
  }, [name, batch, open, isSending]);
  if (!batch) return null;
  const { total, bytes, counts, time_left_ms: leftMs } = batch;
  const share = bytes.total > 0 ? bytes.done / bytes.total : (total - open) / Math.max(1, total);
  const cancel = () => {
    sluice.cancelBatch(name).then(({ changed }) => {
      const words = `${quantity(changed, 'file')} of ${name} ${changed === 1 ? 'is' : 'are'} cancelled.`;
      // A retry takes all that are cancelled, also those that were so before.
      if (counts.cancelled > 0) return void say(words);
      const undo = () => void sluice.retryBatch(name, 'cancelled').catch(sayProblem);
      say(words, { action: { label: 'Undo', run: undo } });
    }, sayProblem);
  };
  return (
    <article class="panel batch-card">
      <h2 class="cut">
        <a href={hrefOf('batch', name)}>{name}</a>
      </h2>
      <p class="batch-summary">{summaryOf(batch)}</p>
      {open > 0 && <Bar share={share} label={`Progress of ${name}`} />}
      <p class="facts">
        <span>
          {fileSize(bytes.done)} of {fileSize(bytes.total)}
        </span>
        {open > 0 && leftMs !== undefined && <span>{leftOf(leftMs)}</span>}
      </p>
      <div class="actions">
        {open > 0 && (
          <button type="button" class="button quiet" onClick={cancel}>
            Cancel the rest
          </button>
        )}
        {counts.failed > 0 && (
          <a class="button quiet" href={hrefOf('batch', name)}>
            See what failed
          </a>
        )}
      </div>
    </article>
  );
}
