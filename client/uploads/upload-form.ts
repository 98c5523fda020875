import * as v from 'valibot';

import { CollectionNameSchema } from '../../src/contract/upload.ts';
import { find } from '../dom.ts';
import { Sluice } from '../sdk/sluice.ts';

export interface UploadFormListener {
  onFiles(files: readonly File[], collection: string): void;
  /** Called when the collection field holds a valid name. */
  onCollection(name: string): void;
}

/** Handles the form for files, which the user chooses or drops on the page, and for their collection. */
export function listenToUploadForm(listener: UploadFormListener): void {
  const collection = find(document, '#collection', HTMLInputElement);
  const error = find(document, '#collection-error', HTMLElement);
  const chooser = find(document, '#files', HTMLInputElement);

  /** Reads the collection. @returns `undefined` for an invalid name, and the form says why */
  const checkCollection = () => {
    const name = v.safeParse(CollectionNameSchema, collection.value.trim());
    collection.setAttribute('aria-invalid', String(!name.success));
    error.textContent = name.success ? '' : `Choose another name: ${name.issues[0].message}.`;
    if (!name.success) return undefined;
    listener.onCollection(name.output);
    return name.output;
  };
  const take = (files: readonly File[]) => {
    const name = checkCollection();
    if (name === undefined) collection.focus();
    else if (files.length > 0) listener.onFiles(files, name);
  };

  collection.addEventListener('change', checkCollection);
  chooser.addEventListener('change', () => {
    const files = [...(chooser.files ?? [])];
    // Lets the user choose the same file again.
    chooser.value = '';
    take(files);
  });
  acceptDrops(take);
}

/** Accepts files on the whole page, because a file dropped beside the zone would make the browser leave the page. */
function acceptDrops(take: (files: readonly File[]) => void): void {
  const zone = find(document, '#drop-zone', HTMLElement);
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    zone.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    // Without another element, the pointer has left the window.
    if (event.relatedTarget === null) zone.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    zone.classList.remove('over');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const { files, items } = event.dataTransfer;
    // A browser lets nobody read the entries after the event.
    const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
    if (entries.every(({ isFile }) => isFile)) take([...files]);
    else void Sluice.listFiles(entries).then(take);
  });
}
