import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../fixtures/python-processor.py', import.meta.url));

/** Starts the processor that is written in Python. `npm run setup:test` brings `python3`. */
export async function startPythonProcessor(): Promise<{ url: string; close: () => Promise<void> }> {
  const child = spawn('python3', [SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  const started = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const line = await Promise.race([started, gone]);
  if (!line) throw new Error('The processor in Python did not start.');
  return {
    url: line[0],
    async close() {
      child.kill();
      await gone;
    },
  };
}
