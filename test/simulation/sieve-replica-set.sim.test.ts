import { sieveTest } from './sieve-suite.ts';

sieveTest('a replica set from 2 to 4 to 1');
