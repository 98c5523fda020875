import type { SluiceStorage } from '../api.ts';

const STORED = 'sluice.idempotency-keys';
/** Time for which a server remembers a key, in ms. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Most stored keys. A page has few uploads under way, and leaves few behind. */
const MOST = 200;
const KEY_BYTES = 16;

interface Entry {
  /** Names the file and its settings. */
  upload: string;
  key: string;
  /** Time of the first try, in ms since 1970. */
  at: number;
}

/**
 * Keeps an idempotency key for each upload until its acceptance is known. So a try whose response was lost, and the same
 * file after a reload of the page, make no second document.
 */
export class IdempotencyKeys {
  readonly #storage: SluiceStorage | undefined;
  #memory: Entry[] = [];
  /** Keys of uploads that are under way here. Another upload of an equal file is one of its own. */
  readonly #used = new Set<string>();

  /** @param storage `undefined` to keep the keys in memory */
  constructor(storage: SluiceStorage | undefined) {
    this.#storage = storage;
  }

  /**
   * Takes the key of an earlier try, or a new one.
   * @param upload names the file and its settings; `undefined` for a blob, which nothing names
   */
  take(upload: string | undefined): string {
    if (upload === undefined) return createKey();
    const kept = this.#read();
    const known = kept.find((entry) => entry.upload === upload && !this.#used.has(entry.key));
    const key = known?.key ?? createKey();
    this.#used.add(key);
    if (!known) this.#write([...kept, { upload, key, at: Date.now() }].slice(-MOST));
    return key;
  }

  /** Lets a key go that was not used up. Another upload of the same file takes it again. */
  release(key: string): void {
    this.#used.delete(key);
  }

  /** Forgets a key, because the server has accepted or refused its upload. */
  forget(key: string): void {
    this.#used.delete(key);
    const kept = this.#read();
    const others = kept.filter((entry) => entry.key !== key);
    if (others.length < kept.length) this.#write(others);
  }

  // Reads and writes the whole list each time, because other tabs of this page share it.
  #read(): Entry[] {
    const now = Date.now();
    return this.#stored().filter(({ at }) => now - at < KEPT_MS);
  }

  #stored(): Entry[] {
    try {
      const text = this.#storage?.getItem(STORED);
      return text ? (JSON.parse(text) as Entry[]).filter(isEntry) : this.#memory;
    } catch {
      // The storage may be off, or hold something else. The keys then last as long as the page.
      return this.#memory;
    }
  }

  #write(entries: Entry[]): void {
    this.#memory = entries;
    try {
      this.#storage?.setItem(STORED, JSON.stringify(entries));
    } catch {
      // The storage may be off, or full. The keys then last as long as the page.
    }
  }
}

function isEntry(value: unknown): value is Entry {
  const { upload, key, at } = (value ?? {}) as Partial<Entry>;
  return typeof upload === 'string' && typeof key === 'string' && typeof at === 'number';
}

/** Makes a key. `randomUUID` exists only on pages with TLS. */
function createKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
