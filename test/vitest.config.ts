import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig, type TestUserConfig as ProjectConfig } from 'vitest/config';

import { CORPUS, hasCorpus } from './corpus/corpus.ts';
import { LongestFirst } from './longest-first.ts';

if (!hasCorpus) console.log(`The corpus tests are skipped: SLUICE_CORPUS names no folder ("${CORPUS}").`);

const MINUTE_MS = 60_000;
/** Halves the CPU time that each started role takes to load: 1.0 s without, 0.5 s with. Tests start hundreds. */
const COMPILE_CACHE = resolve(import.meta.dirname, '../node_modules/.cache/compile');

/** Builds the web page once, before the tests that open it. */
const WITH_PAGE: ProjectConfig = { globalSetup: ['e2e/client/built-page.ts'] };

/** Configures the tests of a folder. @param minutes limit of one test */
function tier(name: string, minutes: number, options: ProjectConfig = {}): { test: ProjectConfig } {
  return {
    test: {
      name,
      include: [`${name}/**/*.test.ts`],
      testTimeout: minutes * MINUTE_MS,
      hookTimeout: 2 * MINUTE_MS,
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
      expect: { poll: { timeout: MINUTE_MS } },
      ...options,
    },
  };
}

/**
 * Five tiers, and two more: `long`, which only `npm run test:long` runs, and `corpus`, which `npm run test:corpus`
 * runs where there is one. `unit` needs nothing but Node; the others start real servers, each on its own port and
 * folder, so files may run concurrently. `contract` runs against whatever processor `PROCESSOR_URL` names.
 * The limits are for a machine with other work: nothing that passes comes near them.
 */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../node_modules/.vite',
  test: {
    // Tests wait more than they work. Left to itself, vitest would run one file at a time on two cores.
    maxWorkers: 2 * availableParallelism(),
    sequence: { sequencer: LongestFirst },
    passWithNoTests: !hasCorpus,
    projects: [
      // Shares modules between files. Loading them for each file takes a fifth of the CPU time.
      tier('unit', 2, { isolate: false }),
      tier('contract', 3),
      tier('integration', 3, {
        ...WITH_PAGE,
        isolate: false,
        setupFiles: ['helpers/responses/check-responses.ts'],
      }),
      // Browsers and whole programs are several busy processes each.
      tier('e2e', 4, { ...WITH_PAGE, maxWorkers: availableParallelism() + 1, sequence: { groupOrder: 1 } }),
      // By itself, when the others are done: what it takes for lost must not only be slow.
      tier('chaos', 4, { fileParallelism: false, sequence: { groupOrder: 2 } }),
      tier('corpus', 4, hasCorpus ? {} : { include: [] }),
      ...(process.env['SLUICE_TEST_LONG']
        ? [tier('long', 30, { ...WITH_PAGE, fileParallelism: false, sequence: { groupOrder: 3 } })]
        : []),
    ],
  },
});
