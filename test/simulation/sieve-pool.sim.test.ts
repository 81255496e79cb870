import { sieveTest } from './sieve-suite.ts';

sieveTest('a pool with disks from 0 to 3 to 1');
