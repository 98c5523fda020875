import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** The kernel counts processor time in ticks. */
const TICKS_A_SECOND = 100;

/** What a piece of work took, in seconds. */
export interface Took {
  elapsed: number;
  /** Processor time of the processes that did it, and of their descendants. */
  busy: number;
  /** The share of the machine's processor time that nobody used meanwhile. */
  idle: number;
}

/** @param work answers how many seconds it took */
export async function measured(pids: readonly number[], work: () => Promise<number>): Promise<Took> {
  const used = async () =>
    (await Promise.all(pids.map(processorSeconds))).reduce((sum, each) => sum + each, 0);
  const [busyBefore, idleBefore] = [await used(), idleSeconds()];
  const elapsed = await work();
  const idle = (idleSeconds() - idleBefore) / (elapsed * cpus().length);
  return { elapsed, busy: (await used()) - busyBefore, idle: Math.min(1, idle) };
}

/** The process that started this one. */
export async function parentOf(pid: number): Promise<number> {
  return Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

export async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name before them may hold anything, but they come after its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const theirs = await Promise.all(
    children.trim().split(' ').filter(Boolean).map(Number).map(processorSeconds),
  );
  return theirs.reduce((sum, each) => sum + each, own);
}

function idleSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0) / 1000;
}
