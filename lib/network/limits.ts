import { checkKeys, object } from '../check.ts';
import type { Request } from '../netlink/request.ts';
import { qdisc } from '../rtnetlink/qdisc/api.ts';
import { bytesPerSecond, type Rate } from '../rtnetlink/qdisc/units.ts';

/** How much may pass to and from an endpoint, as `tc` writes rates: '10mbit', or bits a second. */
export interface Limits {
  /** Towards the endpoint: shaped at the host's end, out of its reach. */
  in?: Rate;
  /** From the endpoint: shaped inside, where who has CAP_NET_ADMIN over the namespace could undo it. */
  out?: Rate;
}

const KEYS = new Set(['in', 'out']);
/** What passes at once, at least: the largest packet that is handed over in one piece. */
const LEAST_BURST = 65_536;
/** A hundredth of a second's worth passes at once. */
const BURST_SHARE = 0.01;
/** How long packets may wait before they are dropped. */
const LATENCY = '50ms';

export function checkLimits(path: string, limits: Limits): void {
  checkKeys(path, object(path, limits), KEYS);
  if (limits.in !== undefined) bytesPerSecond(`${path}.in`, limits.in);
  if (limits.out !== undefined) bytesPerSecond(`${path}.out`, limits.out);
}

/** Shapes what a link sends: a token bucket in place of its queue. */
export function shape(path: string, dev: number, rate: Rate): Request<void> {
  const burst = Math.max(LEAST_BURST, Math.ceil(bytesPerSecond(path, rate) * BURST_SHARE));
  return qdisc.replace({ dev, kind: 'tbf', rate, burst, latency: LATENCY });
}
