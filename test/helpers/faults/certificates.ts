import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of a private authority's certificate, and of a certificate for this machine that it has signed. */
export interface Certificates extends Disposable {
  folder: string;
  authority: string;
  certificate: string;
  key: string;
}

/** Makes certificates with openssl, for `localhost` and 127.0.0.1. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=Private CA',
    '-days',
    '2',
  );
  openssl('req', ...curve, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    ...by,
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'server.crt',
  );
  return {
    folder,
    authority: file('ca.crt'),
    certificate: file('server.crt'),
    key: file('server.key'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
