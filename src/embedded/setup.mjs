// `npm run setup`: brings everything that `npm start` and `npm test` need; what is there already stays.
// Plain and old JavaScript: it runs on whatever Node the system has, before ours is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lockHash, packagesInstalled, ROOT, STAMP } from './setup-stamp.mjs';
import { installWithSystem, NEEDED, present } from './system-packages.mjs';

const root = fileURLToPath(ROOT);
const BIN = join(root, 'node_modules', '.bin');
const PAGE_STAMP = join(root, 'node_modules', '.page-built');
const NODE_MAJOR = 24;

function say(step, text) {
  console.log(`${`${step}:`.padEnd(10)} ${text}`);
}

function fail(step, text) {
  say(step, text);
  process.exit(1);
}

// Under `npm run`, PATH begins with the node_modules that is about to be replaced.
const systemPath = (process.env.PATH || '')
  .split(delimiter)
  .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
  .join(delimiter);

/** The environment in which the given folder's commands come first. */
function withFirst(folder) {
  return { ...process.env, PATH: folder + delimiter + systemPath };
}

/** The version of the Node that such an environment runs, e.g. `v24.1.0`. */
function nodeVersion(env) {
  return (spawnSync('node', ['--version'], { env, encoding: 'utf8' }).stdout || 'v0').trim();
}

function isNewEnough(version) {
  return Number(/^v(\d+)/.exec(version)[1]) >= NODE_MAJOR;
}

function npm(args, cwd, env) {
  return spawnSync('npm', args.concat('--no-audit', '--no-fund', '--loglevel=error'), {
    cwd,
    env,
    stdio: 'inherit',
  });
}

/**
 * npm leaves out the native packages that the Node it runs on is too old for, so ours has to be there before
 * all others: it is installed on its own first. Returns the folder of its command.
 */
function fetchNode(folder) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const manifest = {
    dependencies: { node: packages['node_modules/node'].version },
    allowScripts: { node: true },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  npm(['install', '--no-package-lock'], folder, { ...process.env, PATH: systemPath });
  return join(folder, 'node_modules', '.bin');
}

function installPackages() {
  if (packagesInstalled()) {
    say('packages', 'already installed');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  const systemNode = nodeVersion(withFirst(folder));
  let bin = folder;
  if (!isNewEnough(systemNode)) {
    say('node', `fetching ${NODE_MAJOR}, the system has ${systemNode}`);
    bin = fetchNode(folder);
  }
  say('packages', 'installing');
  const { status } = npm(['ci', '--include=dev'], root, withFirst(bin));
  rmSync(folder, { recursive: true });
  if (status !== 0) fail('packages', 'npm ci failed');

  const version = nodeVersion(withFirst(BIN));
  if (!isNewEnough(version)) {
    fail(
      'node',
      `Node ${NODE_MAJOR} did not come with the packages: npm has not run the install script of its package "node". ` +
        'Is ignore-scripts set (npm config get ignore-scripts)? Unset it, or install Node yourself, then run setup again.',
    );
  }
  writeFileSync(STAMP, lockHash());
}

const find = (need) => present(need, systemPath);

/** Returns whether everything is there now. */
function installSystemPackages() {
  const missing = Object.keys(NEEDED).filter((need) => !find(need));
  let reason;
  if (missing.length > 0) {
    say('system', `installing ${missing.join(' and ')}`);
    reason = installWithSystem(missing, systemPath);
  }
  for (const need of Object.keys(NEEDED)) {
    const path = find(need);
    say(
      need,
      path || `MISSING (${reason}): install it by hand, so that ${NEEDED[need].join(' or ')} is on PATH`,
    );
  }
  return Object.keys(NEEDED).every(find);
}

/** A hash of all that the web page is made of. */
function pageHash() {
  const hash = createHash('sha256').update(lockHash());
  const addFolder = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (path === 'client/dist') continue;
      if (entry.isDirectory()) addFolder(path);
      else hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
    }
  };
  addFolder('client');
  addFolder('src/contract');
  return hash.digest('hex');
}

function buildPage() {
  const hash = pageHash();
  const built = existsSync(PAGE_STAMP) && readFileSync(PAGE_STAMP, 'utf8') === hash;
  if (built && existsSync(join(root, 'client', 'dist', 'index.html'))) {
    say('web page', 'already built');
    return;
  }
  say('web page', 'building with vite');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status } = spawnSync(
    'node',
    [vite, 'build', '--config', 'client/vite.config.ts', '--logLevel', 'warn'],
    {
      cwd: root,
      env: withFirst(BIN),
      stdio: 'inherit',
    },
  );
  if (status !== 0) fail('web page', 'the build failed');
  writeFileSync(PAGE_STAMP, hash);
}

installPackages();
const complete = installSystemPackages();
buildPage();
if (!complete) process.exit(1);
console.log('Ready: npm start');
