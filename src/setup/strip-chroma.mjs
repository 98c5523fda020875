// Removes the debug symbols of the embedded Chroma server, some 370 of its 417 MB on Linux.
// Runs on our Node, after `npm ci`: in the setup and in the Docker image.
import { createRequire } from 'node:module';

import { stripAddon } from './strip-addon.mjs';

if (process.platform === 'linux') {
  try {
    const chroma = createRequire(import.meta.resolve('chromadb'));
    const saved = stripAddon(chroma.resolve(`chromadb-js-bindings-linux-${process.arch}-gnu`));
    console.log(`chroma:    removed ${Math.round(saved / 2 ** 20)} MB of debug symbols`);
  } catch (error) {
    // The add-on stays complete, only larger. If Chroma cannot run here at all, the message holds the reason.
    console.log(`chroma:    debug symbols stay (${error.message})`);
  }
}
