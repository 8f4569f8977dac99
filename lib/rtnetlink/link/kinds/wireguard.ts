import { table } from '../../../wire/schema.ts';

/** A WireGuard tunnel as a link (since 5.6). Keys and peers are set by generic netlink, not here. */
export const wireguard = table('wireguard', {});
