import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SOURCES = fileURLToPath(new URL('../../../src/setup', import.meta.url));

const LOCK = '{"packages":{}}';

/** Imitates npm on node_modules: `ci` replaces it, `prune` removes the development packages, `install` adds Node. */
const NPM = `case $1 in
ci)
  rm -rf node_modules
  mkdir -p node_modules/.bin node_modules/vite/bin node_modules/vitest
  cp vite.js node_modules/vite/bin ;;
prune)
  rm -r node_modules/vite node_modules/vitest ;;
install)
  for argument; do case $argument in node*@*) name=\${argument%@*} ;; esac; done
  mkdir -p node_modules/$name/bin
  printf '#!/bin/sh\nexec ${process.execPath} "$@"\n' > node_modules/$name/bin/node
  chmod 755 node_modules/$name/bin/node ;;
esac`;

/**
 * A checkout of nothing but the setup, on a system whose every command is a stand-in that notes its call:
 * `npm` brings packages, `apk add` the system packages that it is asked for.
 */
class Checkout implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  readonly #bin = join(this.root, 'system-bin');
  readonly #calls = join(this.root, 'calls');

  constructor() {
    cpSync(SOURCES, join(this.root, 'src/setup'), { recursive: true });
    this.write('package-lock.json', LOCK);
    this.write('package.json', '{"type":"module"}');
    this.write('client/index.html', '<title>Sluice</title>');
    this.write('src/contract/job.ts', '');
    this.write('calls', '');
    mkdirSync(this.#bin);
    for (const tool of ['cp', 'chmod', 'mkdir', 'rm', 'touch']) {
      symlinkSync(join('/bin', tool), join(this.#bin, tool));
    }
    symlinkSync(process.execPath, join(this.#bin, 'node'));
    this.command('sudo', 'exec "$@"');
    this.write(
      'vite.js',
      `import fs from 'node:fs';
fs.mkdirSync('client/dist', { recursive: true });
fs.writeFileSync('client/dist/index.html', 'built');
fs.appendFileSync('calls', 'vite\\n');`,
    );
    this.command('npm', `node --version >> ${this.root}/npm-ran-on\n${NPM}`);
    this.command(
      'apk',
      `shift 2
for package; do
  case $package in redis) name=redis-server ;; *) name=$package ;; esac
  touch ${this.#bin}/$name; chmod 755 ${this.#bin}/$name
done`,
    );
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  command(name: string, script: string): void {
    const file = join(this.#bin, name);
    rmSync(file, { force: true });
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> ${this.#calls}\n${script}\n`);
    chmodSync(file, 0o755);
  }

  remove(name: string): void {
    rmSync(join(this.#bin, name));
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  run(script: 'setup' | 'check-setup', level?: 'test') {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(this.root, `src/setup/${script}.mjs`), ...(level ? [level] : [])],
      { env: { PATH: this.#bin }, encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  }

  /** Lists the calls since the last time, with the first argument of npm and the packages of apk. */
  calls(): string[] {
    const calls = readFileSync(this.#calls, 'utf8').split('\n').filter(Boolean);
    writeFileSync(this.#calls, '');
    return calls
      .map((call) => call.replace(/^(npm \S+|node|vite) .*/, '$1').replace('add --no-cache ', ''))
      .filter((call) => !call.startsWith('sudo'));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

/** Expects one line that names the command. */
const oneLine = (command: string) =>
  expect.stringMatching(new RegExp(`^[^\\n]*\`${command}\`[^\\n]*\\n$`)) as string;

test('setup brings what a start needs and nothing else; the second does nothing', () => {
  using checkout = new Checkout();
  expect(checkout.run('check-setup')).toEqual({ status: 1, output: oneLine('npm run setup') });
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm ci', 'vite', 'npm prune', 'apk redis']);
  expect(checkout.run('check-setup')).toEqual({ status: 0, output: '' });
  expect(checkout.has('node_modules/vitest')).toBe(false);
  expect(checkout.has('client/dist/index.html')).toBe(true);

  const second = checkout.run('setup');
  expect(second.status).toBe(0);
  expect(second.output).toContain('already');
  expect(checkout.calls()).toEqual([]);
});

test('setup:test brings what the tests need, too; the second does nothing', () => {
  using checkout = new Checkout();
  expect(checkout.run('check-setup', 'test')).toEqual({ status: 1, output: oneLine('npm run setup:test') });
  expect(checkout.run('setup', 'test').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm ci', 'vite', 'apk redis chromium python3 nginx caddy haproxy curl']);
  expect(checkout.run('check-setup')).toEqual({ status: 0, output: '' });
  expect(checkout.run('check-setup', 'test')).toEqual({ status: 0, output: '' });

  expect(checkout.run('setup', 'test').status).toBe(0);
  expect(checkout.calls()).toEqual([]);
});

test('after setup alone the tests name the command they need, which adds what is missing', () => {
  using checkout = new Checkout();
  checkout.run('setup');
  checkout.calls();
  const { status, output } = checkout.run('check-setup', 'test');
  expect(status).toBe(1);
  expect(output).toEqual(oneLine('npm run setup:test'));
  expect(output).toContain('to run, but not to be tested');

  expect(checkout.run('setup', 'test').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm ci', 'vite', 'apk chromium python3 nginx caddy haproxy curl']);
  expect(checkout.run('check-setup', 'test').status).toBe(0);
});

test('setup after setup:test leaves the test packages, also when the lock file has changed', () => {
  using checkout = new Checkout();
  checkout.run('setup', 'test');
  checkout.calls();
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual([]);

  checkout.write('package-lock.json', `${LOCK}\n`);
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm ci', 'vite']);
  expect(checkout.has('node_modules/vitest')).toBe(true);
  expect(checkout.run('check-setup', 'test').status).toBe(0);
});

test('packages are installed again when the lock file has changed', () => {
  using checkout = new Checkout();
  checkout.run('setup');
  checkout.write('package-lock.json', `${LOCK}\n`);
  expect(checkout.run('check-setup').status).toBe(1);
  checkout.calls();
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm ci', 'vite', 'npm prune']);
  expect(checkout.run('check-setup').status).toBe(0);
});

test('the page is built again when a source has changed, or the page is gone', () => {
  using checkout = new Checkout();
  checkout.run('setup', 'test');
  checkout.calls();
  checkout.write('src/contract/job.ts', 'export {};');
  checkout.run('setup');
  expect(checkout.calls()).toEqual(['vite']);
  rmSync(join(checkout.root, 'client/dist'), { recursive: true });
  checkout.run('setup');
  expect(checkout.calls()).toEqual(['vite']);
});

test('setup installs the page builder again for a changed page', () => {
  using checkout = new Checkout();
  checkout.run('setup');
  checkout.calls();
  checkout.write('src/contract/job.ts', 'export {};');
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm ci', 'vite', 'npm prune']);
});

test('an unknown system is told what to install by hand', () => {
  using checkout = new Checkout();
  checkout.remove('apk');
  const start = checkout.run('setup');
  expect(start.status).toBe(1);
  expect(start.output).toMatch(/redis:.*by hand.*redis-server/);
  expect(start.output).not.toMatch(/chromium|python|nginx/);
  const { status, output } = checkout.run('setup', 'test');
  expect(status).toBe(1);
  expect(output).toMatch(/redis:.*by hand.*redis-server/);
  expect(output).toMatch(/chromium:.*by hand.*google-chrome/);
  expect(output).toMatch(/python:.*by hand.*python3/);
  expect(output).toMatch(/haproxy:.*by hand.*haproxy/);
  expect(checkout.has('client/dist/index.html')).toBe(true);
});

test('where the system has an older Node, ours chooses the packages and stays', () => {
  using checkout = new Checkout();
  checkout.command('node', 'echo v18.0.0');
  expect(checkout.run('setup').status).toBe(0);
  const calls = checkout.calls().filter((call) => call !== 'node');
  expect(calls).toEqual(['npm install', 'npm ci', 'vite', 'npm prune', 'apk redis']);
  const ranOn = readFileSync(join(checkout.root, 'npm-ran-on'), 'utf8').split('\n');
  expect(ranOn).toEqual(['v18.0.0', process.version, process.version, '']);
  expect(checkout.has('node_modules/.bin/node')).toBe(true);
});

test('a Node of ours that is there already is kept when packages are installed again', () => {
  using checkout = new Checkout();
  checkout.command('node', 'echo v18.0.0');
  const [, version] = /NODE_VERSION = '(.*)'/.exec(readFileSync(join(SOURCES, 'setup.mjs'), 'utf8')) ?? [];
  checkout.command('our-node', `[ "$1" = --version ] && echo v${version} || exec ${process.execPath} "$@"`);
  mkdirSync(join(checkout.root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(checkout.root, 'system-bin/our-node'), join(checkout.root, 'node_modules/.bin/node'));
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls().filter((call) => call.startsWith('npm'))).toEqual(['npm ci', 'npm prune']);
  expect(checkout.has('node_modules/.bin/node')).toBe(true);
});

test('where the system has Node 24, no other comes', () => {
  using checkout = new Checkout();
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.has('node_modules/.bin/node')).toBe(false);
});

test('a Node that cannot be fetched is named as the cause', () => {
  using checkout = new Checkout();
  checkout.command('npm', 'exit 1');
  checkout.command('node', 'echo v20.0.0');
  const { status, output } = checkout.run('setup');
  expect(status).toBe(1);
  expect(output).toMatch(/install Node 24 yourself/);
  expect(checkout.run('check-setup').status).toBe(1);
});

test('a failed npm ci or build ends the setup, and the checkout is not called set up', () => {
  using checkout = new Checkout();
  checkout.command('npm', 'exit 3');
  expect(checkout.run('setup')).toMatchObject({ status: 1 });
  expect(checkout.calls()).toEqual(['npm ci']);
  checkout.command('npm', NPM);
  checkout.write('vite.js', 'process.exit(1);');
  expect(checkout.run('setup')).toMatchObject({ status: 1 });
  expect(checkout.calls()).toEqual(['npm ci']);
  expect(checkout.run('check-setup').status).toBe(1);
});
