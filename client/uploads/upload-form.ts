import * as v from 'valibot';

import { CollectionNameSchema } from '../../src/contract/upload.ts';
import { find } from '../dom.ts';

export interface UploadFormListener {
  onFiles(files: readonly File[], collection: string): void;
  /** A valid name stands in the collection field. */
  onCollection(name: string): void;
}

/** Lets files be chosen, or dropped anywhere on the page, for the collection that is named beside. */
export function listenToUploadForm(listener: UploadFormListener): void {
  const collection = find(document, '#collection', HTMLInputElement);
  const error = find(document, '#collection-error', HTMLElement);
  const chooser = find(document, '#files', HTMLInputElement);

  /** @returns the name, or undefined when it will not do; the form says why */
  const checkCollection = () => {
    const name = v.safeParse(CollectionNameSchema, collection.value.trim());
    collection.setAttribute('aria-invalid', String(!name.success));
    error.textContent = name.success ? '' : `That will not do: ${name.issues[0].message}.`;
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
    // So that choosing the same file again is a change again.
    chooser.value = '';
    take(files);
  });
  acceptDrops(take);
}

/** A file dropped beside the zone would make the browser leave the page, so all of it takes files. */
function acceptDrops(take: (files: readonly File[]) => void): void {
  const zone = find(document, '#drop-zone', HTMLElement);
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    zone.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    // Only when the pointer leaves the window does it go to no other element.
    if (event.relatedTarget === null) zone.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    zone.classList.remove('over');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}
