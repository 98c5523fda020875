import { isIPv6 } from 'node:net';

/** A server that the roles use, and who runs it. */
export interface Backend {
  name: string;
  url: string;
  embedded: boolean;
  /** What is wrong with it. */
  note?: string | undefined;
}

/** A URL to open in a browser on this machine; an address that means "all of them" cannot be opened. */
export function browserUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function withoutCredentials(text: string): string {
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}

/** What `npm start` says once everything runs. */
export function banner(url: string, dataDir: string, backends: readonly Backend[]): string {
  const rows = [
    ['data', dataDir],
    ...backends.map(({ name, url, embedded, note }) => [
      name,
      `${withoutCredentials(url)} (${embedded ? 'embedded' : 'external'}${note === undefined ? '' : `, ${note}`})`,
    ]),
    ['stop', `Ctrl-C, or kill ${process.pid}`],
  ] as const;
  const lines = rows.map(([name = '', value = '']) => `    ${name.padEnd(11)}${value}\n`);
  return `\n  Sluice is ready: ${url}\n\n${lines.join('')}\n`;
}
