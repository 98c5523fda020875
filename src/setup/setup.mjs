// `npm run setup` installs the dependencies of `npm start`. `npm run setup:test` adds those of the tests.
// It installs only missing parts. It uses old JavaScript, because it must run on the system's Node, of any version.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { covers, installedLevel, lastLevel, lockHash, ROOT, writeStamp } from './setup-stamp.mjs';
import { commandsOf, installWithSystem, NEEDED, present } from './system-packages.mjs';

const root = fileURLToPath(ROOT);
const BIN = join(root, 'node_modules', '.bin');
const PAGE_STAMP = join(root, 'node_modules', '.page-built');
/** Version to fetch if the system's Node has an older major version. */
const NODE_VERSION = '24.21.0';
const NODE_MAJOR = parseInt(NODE_VERSION, 10);

const asked = process.argv[2] === 'test' ? 'test' : 'start';
/** Keeps the test packages of a checkout that `setup:test` set up. */
const level = lastLevel() === 'test' ? 'test' : asked;

function say(step, text) {
  console.log(`${`${step}:`.padEnd(10)} ${text}`);
}

function fail(step, text) {
  say(step, text);
  process.exit(1);
}

// Under `npm run`, PATH begins with the node_modules that the setup is about to replace.
const systemPath = (process.env.PATH || '')
  .split(delimiter)
  .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
  .join(delimiter);
const systemEnv = { ...process.env, PATH: systemPath };

/** Returns an environment in which the given folder's commands come first. */
function withFirst(folder) {
  return { ...process.env, PATH: folder + delimiter + systemPath };
}

/** Returns whether the command succeeded. */
function run(command, args, cwd, env) {
  return spawnSync(command, args, { cwd, env, stdio: 'inherit' }).status === 0;
}

function npm(args, cwd, env) {
  return run('npm', args.concat('--no-audit', '--no-fund', '--loglevel=error'), cwd, env);
}

/** Returns the version of a Node, like `v24.1.0`, or `v0` where there is none. */
function versionOf(node, env) {
  return (spawnSync(node, ['--version'], { env, encoding: 'utf8' }).stdout || 'v0').trim();
}

/** Brings Node 24 into an empty folder, and returns the path of its program. */
function bringNode(folder) {
  const kept = join(BIN, 'node');
  if (versionOf(kept, process.env) === `v${NODE_VERSION}`) {
    copyFileSync(kept, join(folder, 'node'));
    return join(folder, 'node');
  }
  // The package `node` would choose the same one, but by an install script, which some versions of npm skip.
  const family = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${family}-${process.platform}-${process.arch}`;
  say('node', `fetching ${NODE_VERSION}, the system has ${versionOf('node', systemEnv)}`);
  writeFileSync(join(folder, 'package.json'), '{}');
  if (!npm(['install', '--no-package-lock', `${name}@${NODE_VERSION}`], folder, systemEnv)) {
    fail('node', `npm could not fetch ${name}: install Node ${NODE_MAJOR} yourself, then run setup again`);
  }
  return join(folder, 'node_modules', name, 'bin', 'node');
}

/** Installs all packages, because the page's build needs those for development. `setup` removes them afterwards. */
function installPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  try {
    const isOld = parseInt(versionOf('node', systemEnv).slice(1), 10) < NODE_MAJOR;
    // Fetches Node first, because npm leaves out native packages that its Node is too old for.
    const ours = isOld ? bringNode(folder) : undefined;
    say('packages', 'installing');
    if (!npm(['ci', '--include=dev'], root, ours ? withFirst(dirname(ours)) : systemEnv)) {
      fail('packages', 'npm ci failed: repair what it names above, then run setup again');
    }
    // Keeps only the program: 121 of 189 MB. `npm run` finds it there before the system's.
    if (ours) copyFileSync(ours, join(BIN, 'node'));
  } finally {
    rmSync(folder, { recursive: true });
  }
  run('node', [join(root, 'src/setup/strip-chroma.mjs')], root, withFirst(BIN));
}

const find = (need) => present(need, systemPath);

/** Returns whether all system packages are there now. */
function installSystemPackages() {
  const needed = NEEDED[asked];
  const missing = needed.filter((need) => !find(need));
  let reason;
  if (missing.length > 0) {
    say('system', `installing ${missing.join(' and ')}`);
    reason = installWithSystem(missing, systemPath);
  }
  for (const need of needed) {
    const path = find(need);
    say(
      need,
      path || `MISSING (${reason}): install it by hand, so that ${commandsOf(need).join(' or ')} is on PATH`,
    );
  }
  return needed.every(find);
}

/** Hashes the web page's sources. */
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

function pageIsBuilt() {
  const built = existsSync(PAGE_STAMP) && readFileSync(PAGE_STAMP, 'utf8') === pageHash();
  return built && existsSync(join(root, 'client', 'dist', 'index.html'));
}

function buildPage() {
  say('web page', 'building with vite');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const build = [vite, 'build', '--config', 'client/vite.config.ts', '--logLevel', 'warn'];
  if (!run('node', build, root, withFirst(BIN)))
    fail('web page', 'the build failed: repair what vite names above');
  writeFileSync(PAGE_STAMP, pageHash());
}

const installed = installedLevel();
// Without vite the setup cannot build a changed page.
const enough = covers(installed, level) && (installed === 'test' || pageIsBuilt());
if (enough) say('packages', 'already installed');
else installPackages();

if (pageIsBuilt()) say('web page', 'already built');
else buildPage();

if (!enough) {
  if (level === 'start') {
    say('packages', 'removing those that only build and test');
    if (!npm(['prune', '--omit=dev', '--no-save'], root, withFirst(BIN)))
      fail('packages', 'npm prune failed: repair what it names above, then run setup again');
  }
  writeStamp(level);
}

if (!installSystemPackages()) process.exit(1);
console.log(asked === 'test' ? 'Ready: npm start, npm test' : 'Ready: npm start');
