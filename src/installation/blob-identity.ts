import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';

import { InstallationError } from './installation-error.ts';

/** The file of the blob store's folder that says whose it is. */
export const INSTALLATION_FILE = 'installation.json';
/** What the folder's contents look like: a number that grows when older versions would misread them. */
const LAYOUT = 2;
/** How `link` fails where a file system has no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

const Name = v.pipe(v.string(), v.minLength(1));
const IdentitySchema = v.looseObject({ id: Name, store: Name });

/** Whose a blob store's folder is. */
export interface FolderIdentity {
  /** The installation. */
  id: string;
  /** This very folder: a second one of the same installation has another. */
  store: string;
}

/** Reads and writes `installation.json` in the blob store's folder. */
export class BlobIdentity {
  /** The folder's absolute path. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get #path(): string {
    return join(this.root, INSTALLATION_FILE);
  }

  /**
   * @returns `undefined` where there is no such file, be the folder there or not
   * @throws the system's error; {@link InstallationError} for a file that makes no sense
   */
  async read(): Promise<FolderIdentity | undefined> {
    const found = await this.#readFile();
    return found && { id: found.id, store: found.store };
  }

  async #readFile(): Promise<v.InferOutput<typeof IdentitySchema> | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), IdentitySchema), text);
    if (!parsed.success) throw new InstallationError(`${this.#path} does not say whose folder this is`);
    return parsed.output;
  }

  /** Gives the folder an identity unless it has one, durably. Makes the folder. */
  async adopt(id: string, store: string = randomUUID()): Promise<void> {
    await this.#write({ id, store }, putIfAbsent);
  }

  /** Gives the folder another installation's id, on purpose. @returns its identity now */
  async replace(id: string): Promise<FolderIdentity> {
    // A file that makes no sense is replaced, too: that is how an operator gets rid of it.
    const before = await this.#readFile().catch(() => undefined);
    // What it says of the data it was adopted with stays true.
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
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await put(temporary, this.#path);
    } finally {
      await rm(temporary, { force: true });
    }
    await Promise.all([syncFolder(this.root), syncFolder(dirname(this.root))]);
  }

  /** True where a tenant's folder, or that of ended uploads, has anything in it: a version without ids wrote it. */
  async #holdsFiles(): Promise<boolean> {
    for (const entry of await readdir(this.root, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      // A folder that may not be read, such as a file system's own, is none of ours.
      const names = await readdir(join(this.root, entry.name)).catch(() => []);
      if (names.length > 0) return true;
    }
    return false;
  }
}

/** Puts a whole file in its place, unless one is there: of several that try, one succeeds. */
async function putIfAbsent(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (!NO_LINKS.has(code)) throw error;
    await putWithoutLinks(from, to);
  }
}

/** A reader may meet half of the file here, and takes it for one that makes no sense until it looks again. */
async function putWithoutLinks(from: string, to: string): Promise<void> {
  const text = await readFile(from);
  const file = await open(to, 'wx').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  if (!file) return;
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
