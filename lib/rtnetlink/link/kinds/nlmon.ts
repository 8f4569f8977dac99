import { table } from '../../../wire/schema.ts';

/** A tap on the netlink messages of its namespace (since 3.10). No attributes. */
export const nlmon = table('nlmon', {});
