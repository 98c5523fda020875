import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a new folder of this process's own inside `parent`, and removes there what processes that are gone
 * have left behind.
 * @returns its path; to be removed by the caller
 */
export async function claimFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const owner = Number.parseInt(name, 10);
    if (!isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
  return mkdtemp(join(parent, `${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks; 0 itself would mean this process's group.
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // Someone else's process is alive too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
