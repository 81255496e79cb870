import { sieveTest } from './sieve-suite.ts';

sieveTest('a pool that is deleted');
