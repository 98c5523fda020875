import { median, printTable } from '../../statistics.ts';
import { readUsage } from '../../queue/usage.ts';
import { ROUNDS } from '../contest.ts';
import type { Truth } from '../publisher.ts';
import { Rig } from '../rig.ts';
import type { Lag } from '../views.ts';

const JOBS = 100;
const WATCHERS = 1000;
const STREAM = { rate: 100, ms: 3000 };

interface Round {
  commands: number;
  cpu: number;
  mean: number;
  p99: number;
}

/** The same server, jobs and number of watchers: pushed to, and polling every 2 seconds. */
export async function polling(): Promise<void> {
  const [pushed, polls] = [await Rig.open('sluice-api.ts', JOBS), await Rig.open('sluice-api.ts', JOBS)];
  await pushed.watch(WATCHERS, 'one');
  const [push, poll, nobody]: [Round[], Round[], Round[]] = [[], [], []];
  for (let round = -1; round < ROUNDS; round++) {
    const unwatched = await measure(polls);
    const whenPushed = await measure(pushed);
    await polls.watch(WATCHERS, 'one', 'poll');
    const whenPolled = await measure(polls);
    await polls.clients.call('cutAll');
    if (round < 0) continue;
    nobody.push(unwatched);
    push.push(whenPushed);
    poll.push(whenPolled);
  }
  for (const rig of [pushed, polls]) await rig.close();
  const rows = [[`${WATCHERS} watchers of ${JOBS} jobs`, 'push', 'polling', 'ratio', 'nobody']];
  const row = (name: string, key: keyof Round, unit: string, digits: number) => {
    const [a = NaN, b = NaN, c = NaN] = [push, poll, nobody].map((rounds) =>
      median(rounds.map((r) => r[key])),
    );
    const text = (value: number) => value.toFixed(digits) + unit;
    const watched = key === 'commands' || key === 'cpu';
    rows.push([name, text(a), text(b), (a / b).toFixed(3), watched ? text(c) : '']);
  };
  row('Redis commands/s', 'commands', '', 0);
  row('server CPU', 'cpu', ' %', 1);
  row('staleness, mean', 'mean', ' ms', 2);
  row('p99', 'p99', ' ms', 1);
  printTable(rows);
  console.log();
}

async function measure(rig: Rig): Promise<Round> {
  const before = await readUsage(rig.redis.client);
  const { result, cpu, heard } = await rig.measure(() => rig.publisher.call<Truth>('publish', STREAM));
  const after = await readUsage(rig.redis.client);
  const { mean, p99 } = await rig.clients.call<Lag>('lag', result);
  return {
    commands: (after.commands - before.commands) / heard.seconds,
    cpu: cpu / 1e4 / heard.seconds,
    mean,
    p99,
  };
}
