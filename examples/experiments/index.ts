import bridgeAddress from './bridge-address.ts';
import bridgeMac from './bridge-mac.ts';
import bridgeSwallows from './bridge-swallows.ts';
import descriptor from './descriptor.ts';
import farEnd from './far-end.ts';
import giveAway from './give-away.ts';
import type { Experiment } from './lab.ts';
import loopback from './loopback.ts';
import nameDeleted from './name-deleted.ts';
import nat from './nat.ts';
import nicOnBridge from './nic-on-bridge.ts';
import vethPair from './veth-pair.ts';

/** In the order in which a book tells them. */
export const experiments: readonly Experiment[] = [
  loopback,
  vethPair,
  giveAway,
  farEnd,
  bridgeSwallows,
  bridgeAddress,
  bridgeMac,
  nicOnBridge,
  nat,
  nameDeleted,
  descriptor,
];
