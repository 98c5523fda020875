import { find } from './dom.ts';
import { listenToKeyForm } from './key.ts';
import { PageFeed, type FeedMode } from './page-feed.ts';
import { readGatewayUrl } from './request.ts';
import { SearchView } from './search-view.ts';
import { listenToUploadForm } from './uploads/upload-form.ts';
import { UploadList } from './uploads/upload-list.ts';

const MODE_WORDS: Record<FeedMode, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  stale: 'May be out of date',
  polling: 'Polling every 2 s',
};

const connection = find(document, '#connection', HTMLElement);
const feed = new PageFeed({
  onJob: (job) => uploads.showJob(job),
  onUnknown: (id) => uploads.showUnknown(id),
  onMode(mode) {
    connection.dataset['mode'] = mode;
    connection.textContent = MODE_WORDS[mode];
  },
});
const uploads = new UploadList(feed);
const searchView = new SearchView();
listenToUploadForm({
  onFiles: (files, collection) => uploads.add(files, collection),
  onCollection: (name) => searchView.suggestCollection(name),
});

const start = () => feed.connect(readGatewayUrl());
listenToKeyForm(start);
uploads.restore();
start();
feed.startPolling();
