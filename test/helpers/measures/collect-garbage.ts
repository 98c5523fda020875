import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects everything in this process that nobody can reach. */
export const collectGarbage = runInNewContext('gc') as () => void;
