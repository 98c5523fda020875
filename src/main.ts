import { bypassProxy, ConfigError, loadConfig, parseRoles } from './config.ts';
import { CONFIGURATION_EXIT_CODE, isSupervised, reportReady } from './embedded/role-process.ts';
import { logConsole, logProcessFaults } from './log-process-faults.ts';
import { createLogger } from './logger.ts';
import { makeFilesPrivate, tightenFiles } from './private-files.ts';
import { sayWait } from './say-wait.ts';
import { stopOnSignal } from './shutdown.ts';

let logger = createLogger('start');

/** `npm start [-- ROLE...]`: without a role, everything on this machine. */
async function main(): Promise<void> {
  makeFilesPrivate();
  const roles = parseRoles(process.argv.slice(2));
  logger = createLogger(roles === 'all' ? 'supervisor' : roles.join('+'));
  logProcessFaults(logger);
  logConsole(logger);
  const config = loadConfig();
  bypassProxy([config.chromaUrl, config.processorUrl, config.embeddings?.url]);
  if (!isSupervised()) await tightenFiles(config, logger);
  // Loads only the modules of this process's roles, which saves 1 s of CPU in a start of all roles.
  if (roles === 'all') {
    const { startAll } = await import('./embedded/supervisor.ts');
    const all = startAll(config, logger);
    stopOnSignal(() => all.close(), logger, all.reload);
    await all.started;
    return;
  }
  const { startRoles } = await import('./compose.ts');
  const running = await startRoles(roles, config, logger);
  stopOnSignal(() => running.close(), logger, running.reload);
  const refusal = sayWait(running.refusal(), 'the stores, which are compared before the first job', logger);
  reportReady(running.port, (await refusal) !== undefined);
}

main().catch((error: unknown) => {
  const misconfigured =
    error instanceof ConfigError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (misconfigured) logger.error((error as Error).message);
  else logger.error('the start failed', { error });
  process.exit(misconfigured ? CONFIGURATION_EXIT_CODE : 1);
});
