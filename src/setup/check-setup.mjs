// Runs on any system Node, before Node 24 is there. Names the missing setup in one line.
import { covers, installedLevel } from './setup-stamp.mjs';

const needed = process.argv[2] || 'start';
const command = needed === 'test' ? 'npm run setup:test' : 'npm run setup';
const installed = installedLevel();

let problem;
if (!installed || Number(process.versions.node.split('.')[0]) < 24) {
  problem = 'Sluice is not set up here, or has changed since its setup';
} else if (!covers(installed, needed)) {
  problem = 'Sluice is set up here to run, but not to be tested';
}
if (problem) {
  console.error(`${problem}: run \`${command}\` first.`);
  process.exit(1);
}
