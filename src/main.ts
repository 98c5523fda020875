import { startRoles } from './compose.ts';
import { ConfigError, loadConfig, parseRoles } from './config.ts';
import { CONFIGURATION_EXIT_CODE, reportReady } from './embedded/role-process.ts';
import { startAll } from './embedded/supervisor.ts';
import { createLogger } from './logger.ts';
import { stopOnSignal } from './shutdown.ts';

/** `npm start [-- ROLE...]`: without a role, everything on this machine. */
async function main(): Promise<void> {
  const roles = parseRoles(process.argv.slice(2));
  const config = loadConfig();
  if (roles === 'all') {
    const all = startAll(config, createLogger('supervisor'));
    stopOnSignal(() => all.close());
    await all.started;
    return;
  }
  const running = await startRoles(roles, config, createLogger(roles.join('+')));
  stopOnSignal(() => running.close());
  reportReady(running.port, (await running.refusal()) !== undefined);
}

main().catch((error: unknown) => {
  const misconfigured =
    error instanceof ConfigError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  process.stderr.write(
    `${misconfigured ? (error as Error).message : String((error as Error).stack ?? error)}\n`,
  );
  process.exit(misconfigured ? CONFIGURATION_EXIT_CODE : 1);
});
