import { median, printTable } from '../../statistics.ts';
import { ROUNDS, SIDE_NAMES, SIDES } from '../contest.ts';
import { Rig } from '../rig.ts';
import type { Memory } from '../server.ts';

const JOBS = 400;
const OTHERS = 999;
/** More than the buffers of one that does not read can take. */
const CROWD = { rate: 4000, ms: 2000 };
/** Far from what any side can take: what the others wait is then due to the one, and not to the crowd. */
const STREAM = { rate: 1000, ms: 2000 };

interface Round {
  p99: number;
  /** In KiB. */
  grown: number;
}

/** One client that subscribes to everything and does not read: what that does to the others, and to the server. */
export async function stalled(): Promise<void> {
  const rows = [
    [
      'one that does not read',
      'p99 of the others',
      'while it reads',
      'ratio',
      'of each round',
      'memory it takes',
    ],
  ];
  for (const side of SIDE_NAMES) {
    const rig = await Rig.open(SIDES[side], JOBS);
    await rig.watch(OTHERS, 'one');
    const [reading, not]: [Round[], Round[]] = [[], []];
    for (let round = -1; round < ROUNDS; round++)
      // In turns, and each first as often as the other: whatever else changes meanwhile, changes for both.
      for (const stall of round % 2 === 0 ? [false, true] : [true, false]) {
        const measured = await measure(rig, stall);
        if (round >= 0) (stall ? not : reading).push(measured);
      }
    await rig.close();
    const p99 = (rounds: Round[]) => median(rounds.map((round) => round.p99));
    const grown = (rounds: Round[]) => median(rounds.map((round) => round.grown));
    const ratios = not.map((round, i) => round.p99 / (reading[i]?.p99 ?? NaN));
    rows.push([
      side,
      `${p99(not).toFixed(1)} ms`,
      `${p99(reading).toFixed(1)} ms`,
      median(ratios).toFixed(2),
      `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
      `${(grown(not) - grown(reading)).toFixed(0)} KiB`,
    ]);
  }
  printTable(rows);
  console.log();
}

async function measure(rig: Rig, stall: boolean): Promise<Round> {
  await rig.watch(1, 'active');
  const before = await rig.server.call<Memory>('memory');
  if (stall) await rig.clients.call('stall');
  await rig.publisher.call('publish', CROWD);
  const after = await rig.server.call<Memory>('memory');
  const { heard } = await rig.measure(() => rig.publisher.call('publish', STREAM));
  await rig.clients.call('cut');
  return { p99: heard.p99, grown: (after.held - before.held) / 1024 };
}
