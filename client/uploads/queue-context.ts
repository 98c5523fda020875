import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { UploadQueue } from './upload-queue.ts';

const Context = createContext<UploadQueue | undefined>(undefined);

export const UploadQueueProvider = Context.Provider;

/** Returns the page's queue of files. It outlives the view, so that uploads go on behind other views. */
export function useUploadQueue(): UploadQueue {
  const queue = useContext(Context);
  if (!queue) throw new Error('The uploads view needs an UploadQueueProvider around it.');
  return queue;
}
