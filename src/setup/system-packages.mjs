// Uses plain, old JavaScript, because it runs on any system Node, before Node 24 is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Debian starts and enables a server when it installs the package, but Sluice starts its own Redis. A `policy-rc.d`
 * prevents the start.
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

/** Install command of each known package manager. */
const INSTALL = {
  'apt-get': ['sh', '-c', APT_INSTALL, 'sh'],
  dnf: ['dnf', 'install', '-y'],
  apk: ['apk', 'add', '--no-cache'],
  pacman: ['pacman', '-Sy', '--noconfirm', '--needed'],
  zypper: ['zypper', '--non-interactive', 'install'],
  brew: ['brew', 'install'],
};

/**
 * Commands and package of each need. Any of the commands proves that the system has it. Some managers have another name
 * for the package.
 */
const NEEDS = {
  redis: { commands: ['redis-server'], package: 'redis', 'apt-get': 'redis-server' },
  chromium: {
    // Debian's headless package needs half the CPU time to start and render.
    commands: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'],
    package: 'chromium',
    'apt-get': 'chromium-headless-shell',
  },
  python: { commands: ['python3'], package: 'python3', pacman: 'python' },
  // Debian's full nginx brings modules that the tests do not need.
  nginx: { commands: ['nginx'], package: 'nginx', 'apt-get': 'nginx-light' },
  caddy: { commands: ['caddy'], package: 'caddy' },
  haproxy: { commands: ['haproxy'], package: 'haproxy' },
  curl: { commands: ['curl'], package: 'curl' },
};

/**
 * System packages per level. The tests drive a browser. They run proxies before Sluice, a processor in Python, and the
 * README's commands, which call curl.
 */
export const NEEDED = { start: ['redis'], test: Object.keys(NEEDS) };

export function commandsOf(need) {
  return NEEDS[need].commands;
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

/** Returns the path of a command that proves that `need` is installed, or undefined. */
export function present(need, path) {
  return commandsOf(need)
    .map((name) => findCommand(name, path))
    .find(Boolean);
}

/** Installs packages with the system's package manager. Returns the reason of a failure, or undefined. */
export function installWithSystem(needs, path) {
  const name = Object.keys(INSTALL).find((manager) => findCommand(manager, path));
  if (!name) return `found none of ${Object.keys(INSTALL).join(', ')}`;
  const command = INSTALL[name].concat(needs.map((need) => NEEDS[need][name] || NEEDS[need].package));
  // Homebrew refuses to run as root.
  if (name !== 'brew' && process.getuid() !== 0) {
    if (!findCommand('sudo', path)) return `${name} needs root, and there is no sudo`;
    command.unshift('sudo');
  }
  const { status } = spawnSync(command[0], command.slice(1), { stdio: 'inherit' });
  return status === 0 ? undefined : `${name} failed`;
}
