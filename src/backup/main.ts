import { resolve } from 'node:path';

import { ConfigError, loadConfig } from '../config.ts';
import { CONFIGURATION_EXIT_CODE } from '../embedded/role-process.ts';
import { createLogger } from '../logging/logger.ts';
import { makeFilesPrivate } from '../private-files.ts';
import { backUp } from './back-up.ts';
import { BackupError } from './backup-error.ts';
import { Progress } from './progress.ts';
import { restore } from './restore.ts';

const USAGE = 'Usage: npm run backup -- FILE, or npm run restore -- FILE\n';

/** Runs `npm run backup -- FILE` and `npm run restore -- FILE`. */
async function main(): Promise<void> {
  makeFilesPrivate();
  const [command, file, ...more] = process.argv.slice(2);
  if (file === undefined || more.length > 0 || (command !== 'backup' && command !== 'restore')) {
    process.stderr.write(USAGE);
    process.exitCode = CONFIGURATION_EXIT_CODE;
    return;
  }
  const path = resolve(file);
  const config = loadConfig();
  const progress = new Progress(process.stdout);
  if (command === 'restore') {
    const { restored, created_at, version } = await restore(config, path, progress, createLogger('restore'));
    progress.end();
    process.stdout.write(
      `Restored ${restored} files of ${created_at} (Sluice ${version}) into ${config.dataDir}.\n`,
    );
    process.stdout.write('Start Sluice: it indexes every document again from its original.\n');
    return;
  }
  const stopping = new AbortController();
  const stop = () => stopping.abort(new BackupError('The backup was stopped.'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const { files, bytes, vanished, changed } = await backUp(config, path, progress, stopping.signal);
  progress.end();
  process.stdout.write(`Backed up ${files} files, ${bytes} bytes, into ${path}.\n`);
  if (vanished > 0)
    process.stdout.write(`Sluice deleted ${vanished} files meanwhile. The backup lacks them.\n`);
  for (const name of changed) {
    process.stderr.write(`${name} differs from its upload by SHA-256. The backup holds it unchanged.\n`);
  }
}

main().catch((error: unknown) => {
  const told = error instanceof BackupError || error instanceof ConfigError;
  process.stderr.write(`${told ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exit(error instanceof ConfigError ? CONFIGURATION_EXIT_CODE : 1);
});
