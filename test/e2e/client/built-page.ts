import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '../../..');
const SOURCES = ['client/**/*.{ts,tsx,css,html,svg}', 'src/contract/**/*.ts'];
const exclude = ['client/dist'];

/**
 * Builds the web page, unless it is built from the sources as they are. The server looks for it when it starts. Vitest calls
 * this before the tests, because a build empties the folder under the servers of other files.
 */
export default async function buildPage(): Promise<void> {
  const modified = (path: string) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...globSync(SOURCES, { cwd: ROOT, exclude }).map(modified));
  if (modified('client/dist/index.html') > newest) return;
  await build({ configFile: join(ROOT, 'client/vite.config.ts'), logLevel: 'warn' });
}
