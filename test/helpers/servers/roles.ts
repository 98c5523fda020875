import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startRoles } from '../../../src/compose/start-roles.ts';
import { loadConfig, type Role } from '../../../src/config.ts';
import { logFields, type Fields } from '../../../src/logging/log-line.ts';
import type { Logger } from '../../../src/logging/logger.ts';

/** Keeps what is logged, and prints nothing. */
export function quietLogger(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const logger = (bound: Fields): Logger => {
    const write = (message: string, fields: Fields = {}) =>
      void lines.push(`${message} ${JSON.stringify(logFields({ ...bound, ...fields }))}`);
    return { info: write, warn: write, error: write, with: (fields) => logger({ ...bound, ...fields }) };
  };
  return { lines, ...logger({}) };
}

export interface TestRoles extends AsyncDisposable {
  url: string;
  dataDir: string;
  logger: ReturnType<typeof quietLogger>;
  /** Makes the role read the file of API keys again. */
  reload(): void;
  /** Stops the roles once, however often it is called. */
  close(): Promise<void>;
}

/** Starts roles in the test's own process, on a free port and a folder that goes with them. */
export async function startTestRoles(roles: Role[], env: Record<string, string>): Promise<TestRoles> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-roles-'));
  const nowhere = 'http://127.0.0.1:9';
  const config = loadConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    CHROMA_URL: nowhere,
    PROCESSOR_URL: nowhere,
    KEYWORDS_URL: nowhere,
    ...env,
  });
  const logger = quietLogger();
  const running = await startRoles(roles, config, logger);
  // Compares the stores first, as the program does before it reports that it is ready.
  await running.refusal();
  let closed: Promise<void> | undefined;
  const close = async () => {
    await running.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return {
    url: `http://127.0.0.1:${running.port}`,
    dataDir,
    logger,
    reload: () => running.reload?.(),
    close: () => (closed ??= close()),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

/** Resolves once `/readyz` says yes. */
export async function untilReady(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
}
