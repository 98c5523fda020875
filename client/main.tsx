import { render } from 'preact';

import { App } from './app/app.tsx';
import { getKey } from './app/key-dialog.tsx';
import { showLink } from './app/link.ts';
import { SluiceProvider } from './app/sluice-context.ts';
import { Sluice } from './sdk/sluice.ts';
import { UploadQueueProvider } from './uploads/queue-context.ts';
import { UploadQueue } from './uploads/upload-queue.ts';

const sluice = new Sluice({ getKey, onLink: showLink });
sluice.connect();
const queue = new UploadQueue(sluice);

const root = document.getElementById('app');
if (!root) throw new Error('The page has no element for the app.');
render(
  <SluiceProvider value={sluice}>
    <UploadQueueProvider value={queue}>
      <App />
    </UploadQueueProvider>
  </SluiceProvider>,
  root,
);
