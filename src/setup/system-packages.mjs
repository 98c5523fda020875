// Plain and old JavaScript: it runs on whatever Node the system has, before ours is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Debian starts and enables a server when its package is installed; Sluice starts its own Redis.
 * policy-rc.d is how Debian is told not to.
 */
const APT_INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" > /dev/null
if [ -d /run/systemd/system ]; then
  for server in redis-server nginx caddy haproxy; do
    case " $* " in *" $server "* | *" $server-light "*) systemctl disable $server ;; esac
  done
fi
`;

/** Package names that are the same everywhere but in Debian, whose full nginx brings modules that the tests do not need. */
const COMMON = { nginx: 'nginx', caddy: 'caddy', haproxy: 'haproxy', curl: 'curl' };

/** The package managers we know: how they install, and what they call what we need. */
const MANAGERS = {
  'apt-get': {
    install: ['sh', '-c', APT_INSTALL, 'sh'],
    redis: 'redis-server',
    chromium: 'chromium-headless-shell',
    python: 'python3',
    nginx: 'nginx-light',
    caddy: 'caddy',
    haproxy: 'haproxy',
    curl: 'curl',
  },
  dnf: {
    install: ['dnf', 'install', '-y'],
    redis: 'redis',
    chromium: 'chromium',
    python: 'python3',
    ...COMMON,
  },
  apk: {
    install: ['apk', 'add', '--no-cache'],
    redis: 'redis',
    chromium: 'chromium',
    python: 'python3',
    ...COMMON,
  },
  pacman: {
    install: ['pacman', '-Sy', '--noconfirm', '--needed'],
    redis: 'redis',
    chromium: 'chromium',
    python: 'python',
    ...COMMON,
  },
  zypper: {
    install: ['zypper', '--non-interactive', 'install'],
    redis: 'redis',
    chromium: 'chromium',
    python: 'python3',
    ...COMMON,
  },
  brew: {
    install: ['brew', 'install'],
    redis: 'redis',
    chromium: 'chromium',
    python: 'python3',
    ...COMMON,
  },
};

/** Commands per need. Any one of them proves that the system has it. */
const COMMANDS = {
  redis: ['redis-server'],
  // Debian's headless package needs half the CPU time to start and render.
  chromium: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'],
  python: ['python3'],
  nginx: ['nginx'],
  caddy: ['caddy'],
  haproxy: ['haproxy'],
  curl: ['curl'],
};

/**
 * System packages per level. The tests drive a browser. They run proxies before Sluice, a processor in Python, and the
 * README's commands, which call curl.
 */
export const NEEDED = {
  start: ['redis'],
  test: ['redis', 'chromium', 'python', 'nginx', 'caddy', 'haproxy', 'curl'],
};

export function commandsOf(need) {
  return COMMANDS[need];
}

function findCommand(name, path) {
  return (
    path
      .split(delimiter)
      // Debian keeps servers in /usr/sbin, which is not in a user's PATH.
      .flatMap((folder) => (folder === '/usr/bin' ? [folder, '/usr/sbin'] : [folder]))
      .map((folder) => join(folder, name))
      .find((file) => {
        try {
          accessSync(file, constants.X_OK);
          return true;
        } catch {
          return false;
        }
      })
  );
}

/** The file on `path` that shows that `need` is there. */
export function present(need, path) {
  return COMMANDS[need].map((name) => findCommand(name, path)).find(Boolean);
}

/** Installs what is needed, with the system's package manager. Returns why it could not, if so. */
export function installWithSystem(needs, path) {
  const name = Object.keys(MANAGERS).find((manager) => findCommand(manager, path));
  if (!name) return `none of ${Object.keys(MANAGERS).join(', ')} is here`;
  const manager = MANAGERS[name];
  const command = manager.install.concat(needs.map((need) => manager[need]));
  // Homebrew refuses to run as root.
  if (name !== 'brew' && process.getuid() !== 0) {
    if (!findCommand('sudo', path)) return `${name} needs root, and there is no sudo`;
    command.unshift('sudo');
  }
  const { status } = spawnSync(command[0], command.slice(1), { stdio: 'inherit' });
  return status === 0 ? undefined : `${name} failed`;
}
