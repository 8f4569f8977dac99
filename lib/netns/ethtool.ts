import { ethtool } from '../ethtool/api.ts';
import {
  type EthtoolCommand,
  type EthtoolRequest,
  runSteps,
  runStepsSync,
} from '../ethtool/command.ts';
import { ethtoolNetlink } from '../ethtool/netlink/api.ts';
import { NETLINK_GENERIC } from '../ethtool/netlink/constants.ts';
import { Channel } from '../netlink/channel.ts';
import { type Plan, run, runNow } from '../netlink/task.ts';
import { asyncFaces, type Face, type SyncFace, syncFaces } from './faces.ts';
import type { Hold } from './hold.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;

type Operations = typeof ethtool;
type Answer<R> = R extends EthtoolRequest<infer T> ? T : never;

/** What `ethtool` shows and sets, asynchronously. */
export type EthtoolFace = {
  [K in keyof Operations]: (
    ...args: Parameters<Operations[K]>
  ) => Promise<Answer<ReturnType<Operations[K]>>>;
} & {
  /** The same by generic netlink (since 5.6): by index and any name of a link. */
  readonly netlink: Face<typeof ethtoolNetlink>;
};

/** The same, at once on the calling thread. */
export type SyncEthtoolFace = {
  [K in keyof Operations]: (
    ...args: Parameters<Operations[K]>
  ) => Answer<ReturnType<Operations[K]>>;
} & { readonly netlink: SyncFace<typeof ethtoolNetlink> };

type Maker = (...args: unknown[]) => EthtoolRequest<unknown>;

/** One SIOCETHTOOL, on a socket that is opened for it: what asks is rare, and its sockets not kept. */
function plan(hold: Hold, operation: string, command: EthtoolCommand): Plan<Uint8Array> {
  hold.check(operation);
  let step = 0;
  return {
    operation,
    netns: hold.label,
    write(writer) {
      hold.enter(writer);
      const slot = writer.slot();
      writer.socket(slot, AF_INET, SOCK_DGRAM, 0);
      step = writer.steps;
      writer.ethtool(~slot, command.dev, command.bytes, command.bytes.length);
    },
    read: (made) => made.data(step).slice(),
  };
}

const netlinkFace = asyncFaces(ethtoolNetlink);
const syncNetlinkFace = syncFaces(ethtoolNetlink);

/** What asks generic netlink: its socket is opened when first used. */
const speaker = (hold: Hold) => ({ channel: new Channel(hold, NETLINK_GENERIC) });

function faceOf<F extends object>(
  netlink: object,
  method: (make: Maker) => (...args: unknown[]) => unknown,
): F {
  const entries = Object.entries(ethtool).map(([name, make]) => [name, method(make as Maker)]);
  return Object.assign(Object.fromEntries(entries), { netlink }) as F;
}

export function ethtoolFace(hold: Hold): EthtoolFace {
  return faceOf(netlinkFace(speaker(hold)), (make) => async (...args) => {
    const request = make(...args);
    return runSteps(request, { command: (command) => run(plan(hold, request.operation, command)) });
  });
}

export function syncEthtoolFace(hold: Hold): SyncEthtoolFace {
  return faceOf(syncNetlinkFace(speaker(hold)), (make) => (...args) => {
    const request = make(...args);
    return runStepsSync(request, {
      command: (command) => runNow(plan(hold, request.operation, command)),
    });
  });
}
