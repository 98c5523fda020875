import { readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;

/** Reads the CPU time of a process in s, from `/proc`; 0 if it has ended. Other load does not change it. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold blanks. User and system time are the 12th and 13th value after it.
    const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(values[11]) + Number(values[12])) / TICKS_A_SECOND;
  } catch {
    return 0;
  }
}
