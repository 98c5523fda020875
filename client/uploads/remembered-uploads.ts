import * as v from 'valibot';

const KEY = 'sluice.uploads';
const MOST = 50;

const RememberedUploadSchema = v.object({
  id: v.string(),
  filename: v.string(),
  collection: v.string(),
  size: v.number(),
  /** When the file was chosen, by this browser's clock. */
  startedAt: v.number(),
});

/** An upload that this browser made: enough to show it before the server has told what became of it. */
export type RememberedUpload = v.InferOutput<typeof RememberedUploadSchema>;

/** The uploads of this browser that are remembered, newest first. */
export function rememberedUploads(): RememberedUpload[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown;
    return v.parse(v.array(RememberedUploadSchema), stored);
  } catch {
    // Storage may be switched off, or hold what another version wrote: a list is a convenience, not a promise.
    return [];
  }
}

/** Remembers an upload; beyond the newest 50 they are forgotten. */
export function remember(upload: RememberedUpload): void {
  const others = rememberedUploads().filter(({ id }) => id !== upload.id);
  store([upload, ...others].slice(0, MOST));
}

/** Forgets an upload. */
export function forget(id: string): void {
  store(rememberedUploads().filter((upload) => upload.id !== id));
}

// Read and written as a whole each time: another tab of this page shares the list.
function store(uploads: RememberedUpload[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(uploads));
  } catch {
    // Without storage the list lasts as long as the page.
  }
}
