import { nothingTaken, printContest, ROUNDS, SIDE_NAMES, SIDES } from './contest.ts';
import { Rig } from './rig.ts';
import type { Memory } from './server.ts';

const SESSIONS = 10_000;
const A_ROUND = SESSIONS / ROUNDS;
const SETTLE_MS = 500;

/** Sessions that watch a job each and hear nothing: the memory that each takes, as more and more of them come. */
export async function idle(): Promise<void> {
  const taken = nothingTaken<Memory>();
  for (const side of SIDE_NAMES) {
    const rig = await Rig.open(SIDES[side], SESSIONS);
    // What the first sessions bring is not a session's.
    await rig.watch(500, 'one');
    let before = await rig.server.call<Memory>('memory');
    for (let round = 0; round < ROUNDS; round++) {
      await rig.watch(A_ROUND, 'one');
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const after = await rig.server.call<Memory>('memory');
      const each = (key: keyof Memory) => (after[key] - before[key]) / A_ROUND / 1024;
      taken[side].push({ held: each('held'), resident: each('resident'), buffered: each('buffered') });
      before = after;
    }
    await rig.close();
  }
  printContest(`${SESSIONS} idle sessions`, taken, [
    ['heap and buffers a session', ({ held }) => held, ' KiB', 2],
    ['resident memory a session', ({ resident }) => resident, ' KiB', 2],
  ]);
}
