import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** In `/proc/PID/stat`, counted from the state that follows the parenthesised name. */
const START_TIME_FIELD = 19;

function onLinux(pid: number): string | undefined {
  // The name, in parentheses, may itself hold spaces and parentheses.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  // The start time counts from the boot, so it takes the boot to make it unique.
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}:${fields[START_TIME_FIELD]}`;
}

function elsewhere(pid: number): string | undefined {
  const [state = '', ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trim()
    .split(/\s+/);
  return state.startsWith('Z') ? undefined : started.join(' ');
}

/**
 * Names one life of a process: a pid is used again, its start time is not.
 * @returns undefined when no such process runs; one that has ended but is not yet reaped does not run
 */
export function processIdentity(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? onLinux(pid) : elsewhere(pid);
  } catch {
    return undefined;
  }
}

/** Signals a process, or a whole group when `pid` is negative; one that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // macOS answers EPERM for a group of which only unreaped processes are left.
    if (code !== 'ESRCH' && !(code === 'EPERM' && pid < 0)) throw error;
  }
}
