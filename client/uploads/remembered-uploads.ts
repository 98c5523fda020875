import * as v from 'valibot';

const KEY = 'sluice.uploads';
const MOST = 50;

const RememberedUploadSchema = v.object({
  id: v.string(),
  filename: v.string(),
  collection: v.string(),
  size: v.number(),
  /** Time when the user chose the file, by this browser's clock. */
  startedAt: v.number(),
});

/** An upload of this browser, with enough to show it before the server responds. */
export type RememberedUpload = v.InferOutput<typeof RememberedUploadSchema>;

/** Lists the remembered uploads, newest first. */
export function rememberedUploads(): RememberedUpload[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown;
    return v.parse(v.array(RememberedUploadSchema), stored);
  } catch {
    // Storage may be off, or hold data of another version. The list is a convenience, not a promise.
    return [];
  }
}

/** Remembers an upload. Only the newest 50 stay. */
export function remember(upload: RememberedUpload): void {
  const others = rememberedUploads().filter(({ id }) => id !== upload.id);
  store([upload, ...others].slice(0, MOST));
}

/** Forgets an upload. */
export function forget(id: string): void {
  store(rememberedUploads().filter((upload) => upload.id !== id));
}

// Reads and writes the whole list each time, because other tabs of this page share it.
function store(uploads: RememberedUpload[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(uploads));
  } catch {
    // Without storage the list lasts as long as the page.
  }
}
