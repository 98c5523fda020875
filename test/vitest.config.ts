import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * Five tiers, and a long one that only `npm run test:long` runs. `unit` needs nothing but Node; the others
 * start real servers, each on its own port and folder, so files may run side by side. `contract` runs against
 * whatever processor `PROCESSOR_URL` names.
 */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../node_modules/.vite',
  test: {
    // Tests wait more than they work. Left to itself, vitest would run one file at a time on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { test: { name: 'unit', include: ['unit/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'contract',
          include: ['contract/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['chaos/**/*.test.ts'],
          testTimeout: 240_000,
          fileParallelism: false,
          // By itself, when the others are done: what it takes for lost must not only be slow.
          sequence: { groupOrder: 1 },
        },
      },
      ...(process.env['SLUICE_TEST_LONG']
        ? [
            {
              test: {
                name: 'long',
                include: ['long/**/*.test.ts'],
                testTimeout: 1_800_000,
                hookTimeout: 60_000,
                fileParallelism: false,
                sequence: { groupOrder: 2 },
              },
            },
          ]
        : []),
    ],
  },
});
