import { nothingTaken, printContest, ROUNDS, SIDE_NAMES, SIDES } from '../contest.ts';
import { Rig } from '../rig.ts';
import type { Memory } from '../server.ts';

const SESSIONS = 10_000;
const SETTLE_MS = 500;

/** Sessions that watch a job each and hear nothing: the memory that each takes. */
export async function idle(): Promise<void> {
  const taken = nothingTaken<Memory>();
  for (let round = 0; round < ROUNDS; round++)
    for (const side of SIDE_NAMES) taken[side].push(await measure(SIDES[side]));
  printContest(`${SESSIONS} idle sessions`, taken, [
    ['heap and buffers a session', ({ held }) => held, ' KiB', 2],
    ['resident memory a session', ({ resident }) => resident, ' KiB', 2],
  ]);
}

async function measure(side: string): Promise<Memory> {
  const rig = await Rig.open(side, SESSIONS);
  // What the first sessions bring is not a session's.
  await rig.watch(500, 'one');
  const before = await rig.server.call<Memory>('memory');
  await rig.watch(SESSIONS, 'one');
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const after = await rig.server.call<Memory>('memory');
  await rig.close();
  const each = (key: keyof Memory) => (after[key] - before[key]) / SESSIONS / 1024;
  return { held: each('held'), resident: each('resident'), buffered: each('buffered') };
}
