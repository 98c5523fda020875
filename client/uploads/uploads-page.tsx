import { useEffect, useMemo, useState } from 'preact/hooks';

import type { ViewProps } from '../app/app.tsx';
import { say } from '../app/toasts.tsx';
import { JOB_STATUSES } from '../../src/contract/job.ts';
import { Problem } from '../parts/problem.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { useJobs } from '../state/use-jobs.ts';
import { useIsNarrow } from '../state/use-media.ts';
import { useNow } from '../state/use-now.ts';
import { useStore } from '../state/use-store.ts';
import { quantity } from '../wording/numbers.ts';
import { Announcements } from './announcements.tsx';
import { BatchCards } from './batch-cards.tsx';
import { ChooseFiles } from './choose-files.tsx';
import { useEarlierJobs } from './earlier-jobs.ts';
import { FirstRun } from './first-run.tsx';
import { UploadRow } from './upload-row.tsx';
import { ListHead } from './list-head.tsx';
import { useUploadQueue } from './queue-context.ts';
import { countGroups, groupOf, GROUPS, listRows, nameOf } from './rows.ts';
import { SendingRow } from './sending-row.tsx';
import { checkSettings, type SettingProblems } from './settings.ts';
import { SettingsForm } from './settings-form.tsx';
import { useDropsAndPastes, type TakeFiles } from './take-files.ts';

/** Number of ended jobs that the list follows. A button reads the others. */
const RECENT = 500;
const FILTER = { status: [...JOB_STATUSES], recent: RECENT };
/** Heights of a row with its gap, in CSS pixels, as `uploads.css` has them. */
const ROW_PX = { wide: 100, narrow: 132 };

/** Takes files, and shows the server's list of uploads. */
export function UploadsPage({ route: { query } }: ViewProps) {
  const queue = useUploadQueue();
  const items = useStore(queue.items);
  const { jobs, isReady, problem } = useJobs(FILTER);
  const earlier = useEarlierJobs();
  const isNarrow = useIsNarrow();
  const now = useNow();
  const settings = useStore(queue.settings);
  const { collection } = query;
  useEffect(() => {
    if (collection) queue.settings.set({ ...queue.settings.value, collection });
  }, [queue, collection]);
  const [problems, setProblems] = useState<SettingProblems>({});
  const [name, setName] = useState('');
  const group = GROUPS.find((group) => group === query['show']) ?? 'all';

  const take: TakeFiles = (files, from) => {
    const checked = checkSettings(settings);
    setProblems(checked.problems);
    const [first] = Object.values(checked.problems);
    if (first !== undefined) return void say(`Nothing was uploaded. ${first}`, { tone: 'problem' });
    if (files.length === 0) return void say('The folder has no files.', { tone: 'problem' });
    const batch = checked.options.batch ?? (files.length > 1 ? batchName(files.length, from) : undefined);
    queue.add(files, { ...checked.options, batch });
  };
  const isOver = useDropsAndPastes(take);

  useEffect(() => queue.settle((id) => jobs.has(id), isReady));
  const rows = useMemo(() => listRows(items, jobs, earlier.jobs), [items, jobs, earlier.jobs]);
  const shown = useMemo(() => {
    const wanted = name.trim().toLowerCase();
    return rows.filter(
      (row) => (group === 'all' || groupOf(row) === group) && nameOf(row).toLowerCase().includes(wanted),
    );
  }, [rows, group, name]);

  return (
    <div class="view">
      <h1 class="visually-hidden">Uploads</h1>
      <section class="panel upload-panel" aria-label="Upload">
        <ChooseFiles isOver={isOver} take={take} />
        <SettingsForm
          settings={settings}
          problems={problems}
          onChange={(change) => {
            const next = { ...settings, ...change };
            queue.settings.set(next);
            setProblems(checkSettings(next).problems);
          }}
        />
      </section>
      <BatchCards jobs={jobs.values()} />
      <section aria-labelledby="uploads-heading">
        <ListHead rows={rows} counts={countGroups(rows)} group={group} name={name} onName={setName} />
        {problem && <Problem problem={problem} />}
        {rows.length === 0 && isReady && <FirstRun take={take} />}
        {rows.length === 0 && !isReady && !problem && <p class="notice">Loading the uploads…</p>}
        {rows.length > 0 && shown.length === 0 && <p class="empty">No upload matches.</p>}
        {shown.length > 0 && (
          <VirtualList
            items={shown}
            rowHeight={isNarrow ? ROW_PX.narrow : ROW_PX.wide}
            keyOf={(row) => (row.type === 'job' ? row.job.id : `sending ${row.item.key}`)}
            label="Uploads"
            class="uploads"
          >
            {(row) =>
              row.type === 'job' ? <UploadRow job={row.job} now={now} /> : <SendingRow item={row.item} />
            }
          </VirtualList>
        )}
        {isReady && earlier.hasMore && jobs.size >= RECENT && (
          <button
            type="button"
            class="button quiet"
            disabled={earlier.isLoading}
            onClick={() => void earlier.load((id) => jobs.has(id))}
          >
            Show earlier uploads
          </button>
        )}
      </section>
      <Announcements jobs={jobs} isReady={isReady} />
    </div>
  );
}

/** Names a batch of files. The time distinguishes batches of the same folder. */
function batchName(count: number, from: string | undefined): string {
  const time = new Date().toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  return `${(from ?? quantity(count, 'file')).slice(0, 80)}, ${time}`.toWellFormed();
}
