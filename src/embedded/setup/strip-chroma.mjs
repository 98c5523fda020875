// Removes the debug symbols of the embedded Chroma server, 371 of its 417 MB on Linux.
// Runs on our Node, after `npm ci`: in the setup and in the Docker image.
import { createRequire } from 'node:module';

import { stripAddon } from './strip-addon.mjs';

if (process.platform === 'linux') {
  try {
    const chroma = createRequire(import.meta.resolve('chromadb'));
    const saved = stripAddon(chroma.resolve(`chromadb-js-bindings-linux-${process.arch}-gnu`));
    console.log(`chroma:    removed ${Math.round(saved / 2 ** 20)} MB of debug symbols`);
  } catch (error) {
    // What remains is whole, only larger. If Chroma cannot run here at all, the reason stands in the message.
    console.log(`chroma:    debug symbols stay (${error.message})`);
  }
}
