import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Index of the start time in `/proc/PID/stat`, counted from the state after the name. */
const START_TIME_FIELD = 19;

function onLinux(pid: number): string | undefined {
  // The name, in parentheses, may itself hold spaces and parentheses.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  // The start time counts from the boot, so only the boot's id makes it unique.
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
 * Identifies one life of a process by its start time, because systems reuse pids.
 * @returns `undefined` if no such process runs. An ended process that is not yet reaped does not run
 */
export function processIdentity(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? onLinux(pid) : elsewhere(pid);
  } catch {
    return undefined;
  }
}

/** Signals a process, or a group if `pid` is negative. A missing one is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // macOS reports EPERM for a group with only unreaped processes.
    if (code !== 'ESRCH' && !(code === 'EPERM' && pid < 0)) throw error;
  }
}
