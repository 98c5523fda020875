import { useEffect, useRef, useState } from 'preact/hooks';

import { sayProblem } from '../app/toasts.tsx';
import { Sluice } from '../sdk/sluice.ts';

/** Takes files. @param from name of their folder, which names the batch */
export type TakeFiles = (files: readonly File[], from?: string) => void;

/**
 * Takes what the user drops on the page or pastes into it: files, folders, text. A file dropped beside a zone would make
 * the browser leave the page.
 * @returns whether the user holds files over the page
 */
export function useDropsAndPastes(take: TakeFiles): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const aborter = new AbortController();
    const { signal } = aborter;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    document.addEventListener(
      'dragover',
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      { signal },
    );
    document.addEventListener(
      'dragleave',
      (event) => {
        // Without another element, the pointer has left the window.
        if (event.relatedTarget === null) setOver(false);
      },
      { signal },
    );
    document.addEventListener(
      'drop',
      (event) => {
        setOver(false);
        if (!hasFiles(event) || !event.dataTransfer) return;
        event.preventDefault();
        const { files, items } = event.dataTransfer;
        // The browser drops the entries after the event.
        const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
        if (entries.every(({ isFile }) => isFile)) return latest.current([...files]);
        const [only, ...more] = entries;
        const from = more.length === 0 ? only?.name : undefined;
        Sluice.listFiles(entries).then((found) => latest.current(found, from), sayProblem);
      },
      { signal },
    );
    document.addEventListener(
      'paste',
      (event) => {
        const { target, clipboardData } = event;
        const isField =
          target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;
        if (!clipboardData || isField) return;
        const files = [...clipboardData.files];
        const text = clipboardData.getData('text/plain');
        if (files.length === 0 && text.trim() === '') return;
        event.preventDefault();
        latest.current(files.length > 0 ? files : [pastedText(text)]);
      },
      { signal },
    );
    return () => aborter.abort();
  }, []);
  return isOver;
}

/** Makes a file of a pasted text. Its name holds the time, because the text has no name. */
function pastedText(text: string): File {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-').replace('T', ' ');
  return new File([text], `Pasted text ${time}.txt`, { type: 'text/plain' });
}
