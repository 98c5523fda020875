import { isIPv6 } from 'node:net';

import { withoutCredentials } from '../logging/without-credentials.ts';

/** Describes a server of the roles. It is `embedded` if the supervisor runs it. */
export interface Backend {
  name: string;
  url: string;
  embedded: boolean;
  /** Describes its fault. */
  note?: string | undefined;
  /** Absolute path of the configuration file of an embedded Redis. */
  passwordFile?: string | undefined;
}

/** Returns a URL for a browser on this machine. It replaces a wildcard address, which no browser can open. */
export function browserUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** Returns a shell command that connects to an embedded Redis. Neither it nor the process list shows the password. */
function redisCli(passwordFile: string, url: string): string {
  const quoted = `'${passwordFile.replaceAll("'", "'\\''")}'`;
  return `REDISCLI_AUTH=$(sed 's/^requirepass //' ${quoted}) redis-cli -p ${new URL(url).port}`;
}

/**
 * Formats the message of `npm start` once all roles run.
 * @param refused true if the stores do not belong together: the roles' log says what to correct
 */
export function banner(url: string, dataDir: string, backends: readonly Backend[], refused = false): string {
  const rows = [
    ['data', dataDir],
    ...backends.flatMap(({ name, url, embedded, note, passwordFile }) => [
      [
        name,
        `${withoutCredentials(url)} (${embedded ? 'embedded' : 'external'}${note === undefined ? '' : `, ${note}`})`,
      ],
      ...(passwordFile === undefined ? [] : [['redis-cli', redisCli(passwordFile, url)]]),
    ]),
    ['stop', `Ctrl-C, or kill ${process.pid}`],
  ] as const;
  const lines = rows.map(([name = '', value = '']) => `    ${name.padEnd(11)}${value}\n`);
  const headline = refused
    ? `Sluice is not ready: ${url} (the log above says what to correct)`
    : `Sluice is ready: ${url}`;
  return `\n  ${headline}\n\n${lines.join('')}\n`;
}
