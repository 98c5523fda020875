import { median } from '../../statistics.ts';
import { nothingTaken, printContest, ROUNDS, SIDE_NAMES, SIDES, type Taken } from '../contest.ts';
import { Rig } from '../rig.ts';
import type { Truth } from '../publisher.ts';
import { STEP_MS, type Lag } from '../views.ts';

const JOBS = 500;
const DASHBOARDS = 50;
const UPDATES_A_SECOND = 10;
const SECONDS = 6;
const WARM_UP = { rate: 500, ms: 1000 };
const BARS = '▁▂▃▄▅▆▇█';

interface Round extends Lag {
  cpu: number;
  perSecond: number;
  clientsBusy: number;
}

/** Many busy jobs to some dashboards that show them all: how far what they show is from the truth. */
export async function dashboards(): Promise<void> {
  const taken = nothingTaken<Round>();
  for (let round = 0; round < ROUNDS; round++)
    // Processes of a round's own: some have still to send what they fell behind with.
    for (const side of SIDE_NAMES) taken[side].push(await measure(SIDES[side]));
  printContest<Round>(`${JOBS} jobs, ${DASHBOARDS} dashboards`, taken, [
    ['lag p50', ({ p50 }) => p50, ' ms', 0],
    ['lag p99', ({ p99 }) => p99, ' ms', 0],
    ['states/s that clients got', ({ perSecond }) => perSecond, '', 0],
    ['server busy', ({ cpu }) => cpu * 100, ' %', 0],
    ['clients busy', ({ clientsBusy }) => clientsBusy * 100, ' %', 0],
  ]);
  printCurves(taken);
}

/** Draws how the lag grows, all sides to one scale. */
function printCurves(taken: Taken<Round>): void {
  const curves = SIDE_NAMES.map((side) => {
    const steps = Math.min(...taken[side].map(({ curve }) => curve.length));
    return Array.from({ length: steps }, (_, i) => median(taken[side].map(({ curve }) => curve[i] ?? NaN)));
  });
  const most = Math.max(...curves.flat());
  console.log(`lag p99, from 0 to ${most.toFixed(0)} ms, in steps of ${STEP_MS} ms:`);
  for (const [i, side] of SIDE_NAMES.entries()) {
    const curve = curves[i] ?? [];
    const bars = curve.map((lag) => BARS.charAt(Math.round((lag / most) * (BARS.length - 1)))).join('');
    console.log(`${side.padStart(10)}  ${bars}  ${curve.map((lag) => lag.toFixed(0)).join(' ')}`);
  }
  console.log();
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
