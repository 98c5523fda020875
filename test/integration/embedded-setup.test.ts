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

const SOURCES = fileURLToPath(new URL('../../src/embedded', import.meta.url));

const LOCK = '{"packages":{"node_modules/node":{"version":"24.0.0"}}}';

/**
 * A checkout of nothing but the setup, on a system whose every command is a stand-in that notes its call:
 * `npm ci` brings Node and Vite, `apk add` brings the system packages.
 */
class Checkout implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  readonly #bin = join(this.root, 'system-bin');
  readonly #calls = join(this.root, 'calls');

  constructor() {
    cpSync(SOURCES, join(this.root, 'src/embedded'), { recursive: true });
    this.write('package-lock.json', LOCK);
    this.write('package.json', '{"type":"module"}');
    this.write('client/index.html', '<title>Sluice</title>');
    this.write('src/contract/job.ts', '');
    this.write('calls', '');
    mkdirSync(this.#bin);
    for (const tool of ['cp', 'chmod', 'ln', 'mkdir', 'touch']) {
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
    this.command(
      'npm',
      `node --version >> ${this.root}/npm-ran-on
mkdir -p node_modules/.bin node_modules/vite/bin
ln -sf ${process.execPath} node_modules/.bin/node
cp ${this.root}/vite.js node_modules/vite/bin`,
    );
    this.command(
      'apk',
      `for name in redis-server chromium python3; do touch ${this.#bin}/$name; chmod 755 ${this.#bin}/$name; done`,
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

  run(script: 'setup' | 'check-setup') {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(this.root, `src/embedded/${script}.mjs`)],
      { env: { PATH: this.#bin }, encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  }

  /** What was called since the last time, without the arguments. */
  calls(): string[] {
    const calls = readFileSync(this.#calls, 'utf8').split('\n').filter(Boolean);
    writeFileSync(this.#calls, '');
    return calls.map((call) => call.split(' ')[0] ?? '').filter((name) => name !== 'sudo');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

test('the first setup brings everything, the second does nothing', () => {
  using checkout = new Checkout();
  expect(checkout.run('check-setup')).toEqual({
    status: 1,
    output: expect.stringMatching(/^[^\n]*npm run setup[^\n]*\n$/) as string,
  });
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm', 'apk', 'vite']);
  expect(checkout.run('check-setup')).toEqual({ status: 0, output: '' });

  const second = checkout.run('setup');
  expect(second.status).toBe(0);
  expect(second.output).toContain('already');
  expect(checkout.calls()).toEqual([]);
});

test('packages are installed again when the lock file has changed', () => {
  using checkout = new Checkout();
  checkout.run('setup');
  checkout.write('package-lock.json', `${LOCK}\n`);
  expect(checkout.run('check-setup').status).toBe(1);
  checkout.calls();
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['npm', 'vite']);
  expect(checkout.run('check-setup').status).toBe(0);
});

test('the page is built again when a source has changed, or the page is gone', () => {
  using checkout = new Checkout();
  checkout.run('setup');
  checkout.calls();
  checkout.write('src/contract/job.ts', 'export {};');
  checkout.run('setup');
  expect(checkout.calls()).toEqual(['vite']);
  rmSync(join(checkout.root, 'client/dist'), { recursive: true });
  checkout.run('setup');
  expect(checkout.calls()).toEqual(['vite']);
});

test('an unknown system is told what to install by hand', () => {
  using checkout = new Checkout();
  checkout.remove('apk');
  const { status, output } = checkout.run('setup');
  expect(status).toBe(1);
  expect(output).toMatch(/redis:.*by hand.*redis-server/);
  expect(output).toMatch(/chromium:.*by hand.*google-chrome/);
  expect(output).toMatch(/python:.*by hand.*python3/);
  expect(existsSync(join(checkout.root, 'client/dist/index.html'))).toBe(true);
});

test('where the system has an older Node, ours chooses the packages', () => {
  using checkout = new Checkout();
  checkout.command('node', 'echo v18.0.0');
  expect(checkout.run('setup').status).toBe(0);
  expect(checkout.calls()).toEqual(['node', 'npm', 'node', 'npm', 'apk', 'vite']);
  const ranOn = readFileSync(join(checkout.root, 'npm-ran-on'), 'utf8').split('\n');
  expect(ranOn).toEqual(['v18.0.0', process.version, '']);
});

test('an npm that runs no install scripts is named as the cause', () => {
  using checkout = new Checkout();
  checkout.command('npm', 'mkdir -p node_modules/.bin');
  checkout.command('node', 'echo v20.0.0');
  const { status, output } = checkout.run('setup');
  expect(status).toBe(1);
  expect(output).toContain('ignore-scripts');
  expect(checkout.run('check-setup').status).toBe(1);
});

test('a failed npm ci ends the setup', () => {
  using checkout = new Checkout();
  checkout.command('npm', 'exit 3');
  expect(checkout.run('setup')).toMatchObject({ status: 1 });
  expect(checkout.calls()).toEqual(['npm']);
});
