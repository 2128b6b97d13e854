/**
 * A test that takes ten seconds or more and covers a rare case: `FULL=1 npm test` runs it. Without FULL it is reported as
 * pending.
 */
export const slowIt = process.env.FULL === '1' ? it : it.skip
