import { table } from '../../../wire/schema.ts';

/** A team of links (since 3.3), driven by teamd through generic netlink. No attributes here. */
export const team = table('team', {});
