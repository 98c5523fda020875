import { nothingTaken, printContest, SIDE_NAMES, SIDES } from './contest.ts';
import { Rig } from './rig.ts';
import type { Truth } from './publisher.ts';
import type { Lag } from './views.ts';

export const DASHBOARD_ROUNDS = 3;
const JOBS = 500;
const DASHBOARDS = 50;
const UPDATES_A_SECOND = 10;
const SECONDS = 10;
const WARM_UP = { rate: 500, ms: 1000 };

interface Round extends Lag {
  cpu: number;
  perSecond: number;
  clientsBusy: number;
}

/** Many busy jobs to some dashboards that show them all: how far what they show is from the truth. */
export async function dashboards(): Promise<void> {
  const taken = nothingTaken<Round>();
  for (let round = 0; round < DASHBOARD_ROUNDS; round++)
    // Processes of a round's own: some have still to send what they fell behind with.
    for (const side of SIDE_NAMES) taken[side].push(await measure(SIDES[side]));
  printContest<Round>(`${JOBS} jobs, ${DASHBOARDS} dashboards`, taken, [
    ['lag p50', ({ p50 }) => p50, ' ms', 0],
    ['lag p99', ({ p99 }) => p99, ' ms', 0],
    ...Array.from(
      { length: SECONDS },
      (_, i) => [`p99 in second ${i + 1}`, ({ seconds }: Round) => seconds[i] ?? NaN, ' ms', 0] as const,
    ),
    ['states/s that clients got', ({ perSecond }) => perSecond, '', 0],
    ['server busy', ({ cpu }) => cpu * 100, ' %', 0],
    ['clients busy', ({ clientsBusy }) => clientsBusy * 100, ' %', 0],
  ]);
}

async function measure(side: string): Promise<Round> {
  const rig = await Rig.open(side, JOBS);
  await rig.watch(DASHBOARDS, 'active');
  await rig.publisher.call('publish', WARM_UP);
  const stream = { rate: JOBS * UPDATES_A_SECOND, ms: SECONDS * 1000 };
  const { result, cpu, heard } = await rig.measure(() => rig.publisher.call<Truth>('publish', stream));
  const lag = await rig.clients.call<Lag>('lag', result);
  await rig.close();
  return {
    ...lag,
    cpu: cpu / 1e6 / heard.seconds,
    perSecond: heard.deliveries / heard.seconds,
    clientsBusy: heard.cpu / 1e6 / heard.seconds,
  };
}
