import * as node from 'node:child_process';
import { promisify } from 'node:util';
import { boolean } from '../check.ts';
import type { NetNs } from '../netns/netns.ts';
import { inside } from './inside.ts';
import { launch } from './launcher.ts';
import { RootlessHold } from './rootless-hold.ts';
import { readUnshare, type Unshare, type UnshareOptions } from './unshare-options.ts';

/** What a child of a namespace may have beyond what node:child_process offers. */
export interface InsideOptions {
  /**
   * Shows what `ip netns exec` shows: /sys of the namespace, and the files of /etc/netns/NAME over
   * those of /etc, in mounts of the child's own.
   */
  view?: boolean | undefined;
  /** Further namespaces that are the child's alone. */
  unshare?: UnshareOptions | undefined;
}

export type SpawnOptions = node.SpawnOptions & InsideOptions;
export type SpawnOptionsWithoutStdio = node.SpawnOptionsWithoutStdio & InsideOptions;
export type ExecOptions = node.ExecOptions & InsideOptions;
export type ExecFileOptions = node.ExecFileOptions & InsideOptions;

/** What a command has written, by the time it has ended well. */
export interface Output<T> {
  stdout: T;
  stderr: T;
}

/** Splits our options from Node's, and reads them. */
function split<O extends InsideOptions>(
  options: O,
): { rest: Omit<O, keyof InsideOptions>; own: Own } {
  const { view, unshare, ...rest } = options;
  return {
    rest,
    own: {
      view: view === undefined ? false : boolean('options.view', view),
      unshare: unshare === undefined ? undefined : readUnshare('options.unshare', unshare),
    },
  };
}

interface Own {
  view: boolean;
  unshare: Unshare | undefined;
}

/** Calls one of node:child_process's functions so that its child is born in the namespace. */
function born<T>(ns: NetNs, operation: string, own: Own, call: () => T): T {
  ns.hold.check(operation);
  const holder = ns.hold instanceof RootlessHold ? ns.hold.holder : undefined;
  const { view, unshare } = own;
  if (holder === undefined && !view && unshare === undefined) return inside(ns, operation, call);
  const preparation = {
    view: view ? (ns.hold.name ?? '') : undefined,
    unshare,
    ...(holder && { user: holder.user, net: ns.hold.fd }),
  };
  const launched = (): T => launch(preparation, call);
  return holder ? launched() : inside(ns, operation, launched, unshare?.newPids ?? false);
}

/** `ns.spawn`: see install.ts. */
export function spawn(
  ns: NetNs,
  command: string,
  args?: readonly string[] | SpawnOptions,
  options?: SpawnOptions,
): node.ChildProcess {
  const list = Array.isArray(args) ? args : [];
  const given = options ?? (isOptions(args) ? args : {});
  const { rest, own } = split(given);
  return born(ns, 'netns.spawn', own, () => node.spawn(command, list, rest));
}

/** `ns.execFile`: see install.ts. */
export function execFile(
  ns: NetNs,
  file: string,
  args?: readonly string[] | ExecFileOptions | null,
  options?: ExecFileOptions | null,
): node.PromiseWithChild<Output<string | Buffer>> {
  const list = Array.isArray(args) ? args : [];
  const { rest, own } = split(options ?? (isOptions(args) ? args : {}));
  return born(ns, 'netns.execFile', own, () => [promisify(node.execFile)(file, list, rest)])[0];
}

/** `ns.exec`: see install.ts. */
export function exec(
  ns: NetNs,
  command: string,
  options?: ExecOptions | null,
): node.PromiseWithChild<Output<string | Buffer>> {
  const { rest, own } = split(options ?? {});
  return born(ns, 'netns.exec', own, () => [promisify(node.exec)(command, rest)])[0];
}

function isOptions<O extends InsideOptions>(
  value: readonly string[] | O | null | undefined,
): value is O {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
