import { readdirSync, readFileSync } from 'node:fs';

/** The parser processes of the processors that run in a process, by default this one. */
export function processorChildren(pid: number | 'self' = 'self'): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .filter(Boolean)
    .map(Number)
    .filter((pid) => commandLine(pid).includes('processor/child.ts'));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
