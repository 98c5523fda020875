import { checkEveryFetch } from './described-responses.ts';

// A setup file of the tests that start servers.
checkEveryFetch();
