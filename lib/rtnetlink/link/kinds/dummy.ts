import { table } from '../../../wire/schema.ts';

/** A link that drops what is sent to it. No attributes of its own. */
export const dummy = table('dummy', {});
