import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/backup/main.ts', import.meta.url));

/** Exit code and output of a command. */
export interface CommandResult {
  code: number;
  output: string;
}

/** Runs `npm run backup` or `npm run restore`, as npm does. */
export function runBackupCommand(
  command: 'backup' | 'restore',
  file: string,
  env: Record<string, string>,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } };
    const child = execFile(process.execPath, [MAIN, command, file], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}
