import { setTimeout as sleep } from 'node:timers/promises';

import type { Job } from '../../src/contract/job.ts';
import type { ManagedProcess } from '../helpers/servers/managed-process.ts';
import { LEASE_MS, type Topology } from './harness.ts';
import type { Logbook } from './logbook.ts';
import type { Random } from './random.ts';

/** How long a fault waits for the moment it is aimed at. */
const AIM_MS = 1500;
/** A worker that is stopped while a job of its own stores shows by that job's silence. */
const STILL_STORING_MS = 400;
const ZOMBIE_TRIES = 5;
/** A copy of Redis is so old when it comes back. */
const ROLLBACK_MS = { min: 1000, max: 6000 };
const AWAY_MS = { min: 1000, max: 4000 };
/** Older than a day, and younger than jobs are kept. */
const LAST_WEEK_MS = 6 * 24 * 60 * 60 * 1000;

type Fault = (topology: Topology, logbook: Logbook, random: Random) => Promise<void>;

/** What goes wrong, by name, and how often in a round; each round is dealt in an order of its own. */
const DECK: Record<string, { times: number; fault: Fault }> = {
  'kill worker': { times: 1, fault: async (t, log, r) => kill(r.pick(t.workers), log) },
  'kill worker while it stores': {
    times: 2,
    fault: async (t, log, r) => {
      await whileStoring(log);
      kill(r.pick(t.workers), log);
    },
  },
  'kill api': { times: 1, fault: async (t, log, r) => kill(r.pick(t.apis), log) },
  'kill processor': { times: 1, fault: async (t, log) => kill(t.processor, log) },
  'kill keywords': { times: 1, fault: async (t, log) => kill(t.keywords, log) },
  'kill redis': { times: 1, fault: async (t, log) => kill(t.redis, log) },
  'kill chroma': { times: 1, fault: async (t, log) => kill(t.chroma, log) },
  'zombie worker': { times: 4, fault: zombie },
  'late completion': { times: 1, fault: lateCompletion },
  'cut redis connections': { times: 2, fault: cutConnections },
  'lose replies': { times: 3, fault: loseReplies },
  'lose the blob store': { times: 1, fault: loseBlobs },
  'stop keywords': { times: 1, fault: stopKeywords },
  'empty chroma': { times: 1, fault: async (topology) => topology.emptyChroma() },
  'empty keywords': {
    times: 1,
    fault: async (topology, logbook) => {
      await whileStoring(logbook);
      await topology.emptyKeywords();
    },
  },
  'start under another prefix': { times: 1, fault: intrude },
};

/** Redis comes back from an older copy of its data; the second time, all that has ended did so last week. */
const ROLLBACKS: typeof DECK = {
  'roll redis back': { times: 1, fault: rollBack },
  'roll redis back, with files of last week': {
    times: 1,
    fault: async (topology, logbook, random) => {
      await topology.ageEndedFiles(LAST_WEEK_MS);
      await rollBack(topology, logbook, random);
    },
  },
};

/** Every name of a round, in an order of its own. */
function deal(random: Random, withRollback: boolean): string[] {
  const deck = withRollback ? { ...DECK, ...ROLLBACKS } : DECK;
  return random.shuffle(Object.entries(deck).flatMap(([name, { times }]) => Array<string>(times).fill(name)));
}

/**
 * Spreads rounds of faults over `durationMs`. Resolves when the last one is over: everything runs again, or is
 * on its way back.
 */
export async function injectFaults(
  topology: Topology,
  logbook: Logbook,
  random: Random,
  { durationMs, rounds, withRollback }: { durationMs: number; rounds: number; withRollback: boolean },
): Promise<void> {
  const names = Array.from({ length: rounds }, () => deal(random, withRollback)).flat();
  const pauseMs = durationMs / (names.length + 1);
  const startedAt = performance.now();
  for (const [index, name] of names.entries()) {
    // Faults take time, some of it up to the machine; the plan makes up for it where it can.
    await sleep(Math.max(pauseMs / 4, startedAt + (index + random.next()) * pauseMs - performance.now()));
    logbook.note(name);
    await (DECK[name] ?? ROLLBACKS[name])?.fault(topology, logbook, random.fork(`${name}-${index}`));
  }
}

function kill(victim: ManagedProcess, logbook: Logbook): void {
  logbook.note(`SIGKILL ${victim.name} (${victim.pid ?? 'down already'})`);
  victim.signal('SIGKILL');
}

function whileStoring(logbook: Logbook): Promise<Job | undefined> {
  return logbook.untilHeard(({ stage }) => stage === 'store', AIM_MS);
}

/** Stops a worker for longer than its lease; when it goes on it believes that its jobs are still its own. */
async function zombie(topology: Topology, logbook: Logbook, random: Random): Promise<void> {
  const victim = random.pick(topology.workers);
  let pid: number | undefined;
  for (let tries = 0; tries < ZOMBIE_TRIES; tries++) {
    const job = await whileStoring(logbook);
    pid = victim.pid;
    victim.signal('SIGSTOP', pid);
    if (!job) break;
    await sleep(STILL_STORING_MS);
    // A job that goes on belongs to the other worker: this one is to be caught in the middle of a write.
    if (!logbook.of(job.id).some((heard) => heard.version > job.version)) break;
    victim.signal('SIGCONT', pid);
  }
  victim.signal('SIGSTOP', pid);
  logbook.note(`SIGSTOP ${victim.name} (${pid ?? 'down'})`);
  // Long enough for the sweep of another worker to have given its jobs away.
  await sleep(LEASE_MS * (1.4 + 0.8 * random.next()));
  logbook.note(`SIGCONT ${victim.name}`);
  victim.signal('SIGCONT', pid);
}

/** The keyword index holds its connections and says nothing, longer than a lease or shorter. */
async function stopKeywords({ keywords }: Topology, logbook: Logbook, random: Random): Promise<void> {
  await whileStoring(logbook);
  const { pid } = keywords;
  keywords.signal('SIGSTOP', pid);
  await sleep(random.int(AWAY_MS.min, AWAY_MS.max));
  keywords.signal('SIGCONT', pid);
}

/** A worker's word that a job is complete arrives when another has taken that job over and is at work on it. */
async function lateCompletion(topology: Topology, logbook: Logbook): Promise<void> {
  const held = await topology.holdBack('\r\ncomplete\r\n', AIM_MS);
  const id = /\r\ncomplete\r\n\$36\r\n(\S+)/.exec(held?.piece ?? '')?.[1];
  logbook.note(`the completion of ${id ?? 'no job'} is late`);
  const takenOver = (job: Job) => job.id === id && job.status === 'processing' && (job.stalls ?? 0) > 0;
  if (held) await logbook.untilHeard(takenOver, 3 * LEASE_MS);
  held?.release();
}

async function cutConnections({ inspector }: Topology, logbook: Logbook, random: Random): Promise<void> {
  const clients = ((await inspector.client('LIST')) as string)
    .split('\n')
    .filter((line) => line.includes('name=sluice-'))
    .map((line) => /^id=(\d+) .*?name=(\S+)/.exec(line))
    .filter((match) => match !== null);
  const everybody = random.chance(0.3);
  for (const [, id, name] of clients) {
    if (!everybody && !random.chance(0.5)) continue;
    logbook.note(`CLIENT KILL ${name}`);
    await inspector.client('KILL', 'ID', Number(id));
  }
}

async function loseReplies(topology: Topology, logbook: Logbook, random: Random): Promise<void> {
  await whileStoring(logbook);
  const count = random.int(2, 6);
  logbook.note(`the next ${count} replies of Redis are lost`);
  topology.loseReplies(count);
}

async function rollBack(topology: Topology, logbook: Logbook, random: Random): Promise<void> {
  await topology.copyRedis();
  await sleep(random.int(ROLLBACK_MS.min, ROLLBACK_MS.max));
  logbook.note('SIGKILL redis, and back with an older copy');
  await topology.rollBackRedis();
}

async function loseBlobs(topology: Topology, logbook: Logbook, random: Random): Promise<void> {
  await whileStoring(logbook);
  await topology.loseBlobs(random.int(AWAY_MS.min, AWAY_MS.max));
}

async function intrude(topology: Topology, _logbook: Logbook, random: Random): Promise<void> {
  await topology.intrude('other:', random.int(AWAY_MS.min, AWAY_MS.max));
}
