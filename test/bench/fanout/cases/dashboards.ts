import { median, printTable } from '../../statistics.ts';
import { nothingTaken, printContest, ROUNDS, SIDE_NAMES, SIDES, type Taken } from '../contest.ts';
import { Rig } from '../rig.ts';
import type { Truth } from '../publisher.ts';
import { STEP_MS, type Lag } from '../views.ts';

const JOBS = 500;
const DASHBOARDS = 50;
const UPDATES_A_SECOND = 10;
const SECONDS = 6;
/** A side holds a load while the lag of 99 % of what its dashboards show is below this, in ms. */
const HELD_LAG_MS = 250;
/** Tries to find the largest load. Each takes some eight seconds. */
const TRIES = 7;
const WARM_UP = { rate: 500, ms: 1000 };
const BARS = '▁▂▃▄▅▆▇█';

interface Round extends Lag {
  cpu: number;
  perSecond: number;
  clientsBusy: number;
}

/**
 * Many busy jobs to some dashboards that show them all: how far what they show is from the truth, and how many dashboards
 * each side holds.
 */
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
  const rows = [['side', 'dashboards held', 'Sluice to it']];
  const held: number[] = [];
  for (const side of SIDE_NAMES) held.push(await mostHeld(SIDES[side]));
  for (const [i, side] of SIDE_NAMES.entries())
    rows.push([side, String(held[i]), ((held[0] ?? NaN) / (held[i] ?? NaN)).toFixed(2)]);
  printTable(rows);
}

/** Finds the largest number of dashboards that a side holds: doubles until it fails, then halves the gap. */
async function mostHeld(side: string): Promise<number> {
  let [held, lost] = [0, Infinity];
  for (let tries = 0, next = DASHBOARDS; tries < TRIES && next > held; tries++) {
    if ((await measure(side, next)).p99 < HELD_LAG_MS) held = next;
    else lost = next;
    next = lost === Infinity ? held * 2 : Math.floor((held + lost) / 2);
  }
  return held;
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

async function measure(side: string, dashboards = DASHBOARDS): Promise<Round> {
  const rig = await Rig.open(side, JOBS);
  await rig.watch(dashboards, 'active');
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
