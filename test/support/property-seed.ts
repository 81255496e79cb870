import fc from 'fast-check';

/**
 * Property tests draw the same examples in each run, so that a commit passes or fails by what is in it.
 * Another number looks elsewhere.
 */
fc.configureGlobal({ seed: Number(process.env['ROLLCALL_PROPERTY_SEED'] ?? 1) });
