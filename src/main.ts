import { bypassProxy, ConfigError, loadConfig, parseRoles } from './config.ts';
import { CONFIGURATION_EXIT_CODE, isSupervised, reportReady } from './embedded/role-process.ts';
import { logConsole, logProcessFaults } from './logging/log-process-faults.ts';
import { createLogger } from './logging/logger.ts';
import { makeFilesPrivate, tightenFiles } from './private-files.ts';
import { logWait } from './logging/log-wait.ts';
import { stopOnSignal } from './shutdown.ts';

const load = {
  supervisor: () => import('./embedded/supervisor.ts'),
  compose: () => import('./compose/start-roles.ts'),
};
/**
 * Loads only the modules that this process runs, which saves a start of all roles 1 s of CPU. Loads them before `main`.
 * An api that loaded them within `main` took a fifth longer for an upload of 1 MB.
 */
await (['', 'all'].includes(process.argv.slice(2).join()) ? load.supervisor() : load.compose());

let logger = createLogger('start');

/** Runs `npm start [-- ROLE...]`. Without a role it runs all of them on this machine. */
async function main(): Promise<void> {
  makeFilesPrivate();
  const roles = parseRoles(process.argv.slice(2));
  logger = createLogger(roles === 'all' ? 'supervisor' : roles.join('+'));
  logProcessFaults(logger);
  logConsole(logger);
  const config = loadConfig();
  bypassProxy([config.chromaUrl, config.processorUrl, config.keywordsUrl, config.embeddings?.url]);
  if (!isSupervised()) await tightenFiles(config, logger);
  if (roles === 'all') {
    const { startAll } = await load.supervisor();
    const all = startAll(config, logger);
    stopOnSignal(() => all.close(), logger, all.reload);
    await all.started;
    return;
  }
  const { startRoles } = await load.compose();
  const running = await startRoles(roles, config, logger);
  stopOnSignal(() => running.close(), logger, running.reload);
  const refusal = logWait(running.refusal(), 'the comparison of the stores', logger);
  reportReady(running.port, (await refusal) !== undefined);
}

main().catch((error: unknown) => {
  const misconfigured =
    error instanceof ConfigError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (misconfigured) logger.error((error as Error).message);
  else logger.error('the start failed', { error });
  process.exit(misconfigured ? CONFIGURATION_EXIT_CODE : 1);
});
