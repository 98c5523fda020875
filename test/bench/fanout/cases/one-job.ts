import { nothingTaken, printContest, ROUNDS, SIDE_NAMES, SIDES, type SideName } from '../contest.ts';
import { Rig } from '../rig.ts';

export const WATCHERS = 1000;
const MODERATE = { rate: 10, ms: 2000 };
/** One is on its way while the one before is sent: the server never waits. */
const FLOOD = { ahead: 2, ms: 1500 };

interface Round {
  p50: number;
  p99: number;
  perSecond: number;
  cpu: number;
  busy: number;
  clientsBusy: number;
}

/** One job to many watchers: at a moderate rate, and as fast as the server can take. */
export async function oneJob(): Promise<void> {
  const rigs = {} as Record<SideName, Rig>;
  for (const side of SIDE_NAMES) {
    rigs[side] = await Rig.open(SIDES[side], 1);
    await rigs[side].watch(WATCHERS, 'one');
  }
  const taken = nothingTaken<Round>();
  for (let round = -1; round < ROUNDS; round++)
    for (const side of SIDE_NAMES) {
      const measured = await measure(rigs[side]);
      if (round >= 0) taken[side].push(measured);
    }
  for (const rig of Object.values(rigs)) await rig.close();
  printContest(`one job, ${WATCHERS} watchers`, taken, [
    ['publish → client p50', ({ p50 }) => p50, ' ms'],
    ['p99', ({ p99 }) => p99, ' ms'],
    ['deliveries/s', ({ perSecond }) => perSecond, '', 0],
    ['server CPU a delivery', ({ cpu }) => cpu, ' µs', 2],
    ['server busy', ({ busy }) => busy * 100, ' %', 0],
    ['clients busy', ({ clientsBusy }) => clientsBusy * 100, ' %', 0],
  ]);
}

async function measure(rig: Rig): Promise<Round> {
  const moderate = await rig.measure(() => rig.publisher.call('publish', MODERATE));
  const { heard, cpu } = await rig.measure(() => rig.publisher.call('flood', FLOOD));
  return {
    p50: moderate.heard.p50,
    p99: moderate.heard.p99,
    perSecond: heard.deliveries / heard.seconds,
    cpu: cpu / heard.deliveries,
    busy: cpu / 1e6 / heard.seconds,
    clientsBusy: heard.cpu / 1e6 / heard.seconds,
  };
}
