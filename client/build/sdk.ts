import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'vite';

import { declareSdk } from './declarations.ts';

const CLIENT = join(import.meta.dirname, '..');
const DIST = join(CLIENT, 'dist');

/** Builds the SDK beside the page: `sluice.js`, one module without imports, and its types. */
export function sdk(): Plugin {
  return {
    name: 'sluice-sdk',
    apply: 'build',
    async closeBundle() {
      await build({
        configFile: false,
        root: CLIENT,
        logLevel: 'warn',
        publicDir: false,
        cacheDir: '../node_modules/.vite/sdk',
        build: {
          outDir: DIST,
          emptyOutDir: false,
          target: 'es2024',
          lib: { entry: join(CLIENT, 'sdk/sluice.ts'), formats: ['es'], fileName: () => 'sluice.js' },
          rolldownOptions: {
            // The SDK uses constants of the contract. Its schemas, and valibot with them, have no effect here.
            treeshake: { moduleSideEffects: false, propertyReadSideEffects: false },
            output: { minify: true },
          },
        },
      });
      await writeFile(join(DIST, 'sluice.d.ts'), await declareSdk());
    },
  };
}
