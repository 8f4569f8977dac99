import { ethtool } from '../ethtool/api.ts';
import {
  type EthtoolCommand,
  type EthtoolRequest,
  runSteps,
  runStepsSync,
} from '../ethtool/command.ts';
import { type Plan, run, runNow } from '../netlink/task.ts';
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
};

/** The same, at once on the calling thread. */
export type SyncEthtoolFace = {
  [K in keyof Operations]: (
    ...args: Parameters<Operations[K]>
  ) => Answer<ReturnType<Operations[K]>>;
};

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

function faceOf<F>(method: (make: Maker) => (...args: unknown[]) => unknown): F {
  const entries = Object.entries(ethtool).map(([name, make]) => [name, method(make as Maker)]);
  return Object.fromEntries(entries) as F;
}

export function ethtoolFace(hold: Hold): EthtoolFace {
  return faceOf((make) => async (...args) => {
    const request = make(...args);
    return runSteps(request, { command: (command) => run(plan(hold, request.operation, command)) });
  });
}

export function syncEthtoolFace(hold: Hold): SyncEthtoolFace {
  return faceOf((make) => (...args) => {
    const request = make(...args);
    return runStepsSync(request, {
      command: (command) => runNow(plan(hold, request.operation, command)),
    });
  });
}
