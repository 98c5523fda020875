import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Guard } from '../../../src/access/guard.ts';
import { startProcessor, type ProcessorOptions } from '../../../src/processor/server.ts';
import { quietLogger } from '../servers/roles.ts';

export interface TestProcessor extends AsyncDisposable {
  url: string;
  /** Where its uploads wait for a child. */
  tmpDir: string;
  /** What it has logged. */
  lines: readonly string[];
  close: () => Promise<void>;
}

/** Starts a processor in the test's own process, on a free port and, unless it is given one, a folder that goes with it. */
export async function startTestProcessor(options: Partial<ProcessorOptions> = {}): Promise<TestProcessor> {
  const logger = quietLogger();
  const folder = await mkdtemp(join(tmpdir(), 'processor-'));
  const { tmpDir = folder } = options;
  const { port, close } = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    tmpDir,
    children: 2,
    timeoutMs: 30_000,
    maxTextChars: 20_000_000,
    maxUploadBytes: 200 * 1024 * 1024,
    ocrLanguages: ['eng'],
    // What needs no vectors needs no model, and starts faster.
    embeddings: { url: 'http://127.0.0.1:9', model: 'none', apiKey: undefined },
    guard: new Guard([], [], logger),
    logger,
    ...options,
  });
  const stop = async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url: `http://127.0.0.1:${port}`,
    tmpDir,
    lines: logger.lines,
    close: stop,
    [Symbol.asyncDispose]: stop,
  };
}
