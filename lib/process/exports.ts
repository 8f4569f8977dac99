// What of this folder is public; the methods come to the handle by install.ts.
import './install.ts';

export type { CheckPortOptions, PortState } from './check-port.ts';
export { CLONE } from './clone-flags.ts';
export { type CloneOptions, cloneHolder, type NsHolder } from './clone-holder.ts';
export type { ConnectOptions } from './connect.ts';
export type { AgentConstructor, Dispatcher, DispatcherOptions } from './dispatcher.ts';
export type { ListenOptions } from './listen.ts';
export {
  NsDescriptor,
  type NsDescriptors,
  type NsKind,
  nsDescriptors,
  openNs,
} from './namespaces.ts';
export type { PingOptions, PingReply } from './ping.ts';
export type { RootlessOptions } from './rootless.ts';
export type { Synchronous } from './run.ts';
export type {
  ExecFileOptions,
  ExecOptions,
  InsideOptions,
  Output,
  SpawnOptions,
  SpawnOptionsWithoutStdio,
} from './spawn.ts';
export { setns, unshare } from './thread.ts';
export type { IdRange, UnshareOptions } from './unshare-options.ts';
export { NetNsWorker } from './worker.ts';
