import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';

import { ifExists } from '../if-exists.ts';
import { InstallationError } from './installation-error.ts';

/** Name of the identity file in the blob store's folder. */
export const INSTALLATION_FILE = 'installation.json';
/** Version of the folder's layout. It grows when older versions would misread the contents. */
const LAYOUT = 2;
/** Errors of `link` on file systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

const Name = v.pipe(v.string(), v.minLength(1));
const IdentitySchema = v.looseObject({ id: Name, store: Name });

/** Identifies a blob store's folder. */
export interface FolderIdentity {
  /** Id of the installation. */
  id: string;
  /** Id of this folder. A second folder of the same installation has another. */
  store: string;
}

/** Reads and writes `installation.json` in the blob store's folder. */
export class BlobIdentity {
  /** Absolute path of the folder. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get #path(): string {
    return join(this.root, INSTALLATION_FILE);
  }

  /**
   * @returns `undefined` if the file is missing, with or without its folder
   * @throws the system's error; {@link InstallationError} for an invalid file
   */
  async read(): Promise<FolderIdentity | undefined> {
    const found = await this.#readFile();
    return found && { id: found.id, store: found.store };
  }

  async #readFile(): Promise<v.InferOutput<typeof IdentitySchema> | undefined> {
    const text = await ifExists(readFile(this.#path, 'utf8'));
    if (text === undefined) return undefined;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), IdentitySchema), text);
    if (!parsed.success)
      throw new InstallationError(
        `${this.#path} is no valid identity file. To write it again, run: npm run adopt -- redis`,
      );
    return parsed.output;
  }

  /** Gives the folder an identity, durably, unless it has one. Makes the folder. */
  async adopt(id: string, store: string = randomUUID()): Promise<void> {
    await this.#write({ id, store }, putIfAbsent);
  }

  /** Gives the folder another installation's id, on an operator's command. @returns its new identity */
  async replace(id: string): Promise<FolderIdentity> {
    // Replaces also an invalid file, because the operator repairs one in this way.
    const before = await this.#readFile().catch(() => undefined);
    // Keeps the date and the origin that the first adoption recorded.
    const identity = { store: randomUUID(), ...before, id };
    await this.#write(identity, rename);
    return { id, store: identity.store };
  }

  async #write(identity: FolderIdentity, put: (from: string, to: string) => Promise<void>): Promise<void> {
    await mkdir(this.root, { recursive: true });
    const from = (await this.#holdsFiles()) ? 'older' : 'empty';
    const content = { layout: LAYOUT, adopted_at: new Date().toISOString(), from, ...identity };
    const temporary = join(this.root, `.installation-${randomUUID()}`);
    try {
      await writeFile(temporary, `${JSON.stringify(content, undefined, 2)}\n`, { flag: 'wx', flush: true });
      await put(temporary, this.#path);
    } finally {
      await rm(temporary, { force: true });
    }
    await Promise.all([syncFolder(this.root), syncFolder(dirname(this.root))]);
  }

  /** Returns whether a subfolder has contents, which a version without ids wrote. */
  async #holdsFiles(): Promise<boolean> {
    for (const entry of await readdir(this.root, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      // Skips an unreadable folder, such as a file system's own.
      const names = await readdir(join(this.root, entry.name)).catch(() => []);
      if (names.length > 0) return true;
    }
    return false;
  }
}

/** Creates a complete file, unless one exists. Of several concurrent calls, one succeeds. */
async function putIfAbsent(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) return unlessThere(error as Error);
    // A reader that sees half of the file takes it for an invalid one until it reads again.
    await writeFile(to, await readFile(from), { flag: 'wx', flush: true }).catch(unlessThere);
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
