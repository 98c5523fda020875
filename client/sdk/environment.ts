/** An XMLHttpRequest, of which the SDK uses only this. Node has none. */
export interface XhrLike {
  readonly upload: {
    addEventListener(type: 'progress', listener: (event: { loaded: number }) => void): void;
  };
  readonly status: number;
  readonly responseText: string;
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: FormData): void;
  abort(): void;
}

/** Events of a browser's page that tell of a change of the line. */
const SIGNALS = ['online', 'offline', 'pageshow'];

interface Listening {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The parts of a browser that Node lacks. */
const browser = globalThis as unknown as {
  XMLHttpRequest?: new () => XhrLike;
  document?: Listening & { baseURI: string; visibilityState: string };
  localStorage?: Storage;
} & Partial<Listening>;

type Storage = { getItem(name: string): string | null; setItem(name: string, value: string): void };

/** Makes an XMLHttpRequest; `undefined` in Node. */
export function createXhr(): XhrLike | undefined {
  return browser.XMLHttpRequest && new browser.XMLHttpRequest();
}

/** Returns the address of the page; `undefined` outside of one. */
export function pageAddress(): string | undefined {
  return browser.document?.baseURI;
}

/** Returns the storage that outlives the page; `undefined` in Node, or if the browser forbids it. */
export function pageStorage(): Storage | undefined {
  // Node warns when a program reads its `localStorage`.
  if (!browser.document) return undefined;
  try {
    return browser.localStorage;
  } catch {
    return undefined;
  }
}

/**
 * Calls back when the browser says that the line may have changed, or that the user looks at the page again.
 * @returns ends that
 */
export function onSignal(signal: () => void): () => void {
  const { document } = browser;
  if (!document || !browser.addEventListener) return () => {};
  const seen = () => {
    if (document.visibilityState === 'visible') signal();
  };
  for (const type of SIGNALS) browser.addEventListener(type, signal);
  document.addEventListener('visibilitychange', seen);
  return () => {
    for (const type of SIGNALS) browser.removeEventListener?.(type, signal);
    document.removeEventListener('visibilitychange', seen);
  };
}
