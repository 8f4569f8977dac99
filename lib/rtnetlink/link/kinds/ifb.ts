import { table } from '../../../wire/schema.ts';

/** Intermediate functional block: takes what `mirred` redirects, so that ingress can be queued. No attributes. */
export const ifb = table('ifb', {});
