import { interfaceName, macAddress, object } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { MessageOptions, Messages } from '../../netlink/messages.ts';
import type { Dev } from '../../netlink/request.ts';
import { ipv6, oneOf, u8 } from '../../wire/codecs.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import { NLA_F_NESTED, type Writer } from '../../wire/writer.ts';
import { AF_BRIDGE } from '../families.ts';
import { settableAttributes } from './attributes.ts';
import {
  ADDR_GEN_MODES,
  type AddrGenMode,
  IFF_UP,
  RTM_DELLINK,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
  RTM_SETLINK,
} from './constants.ts';
import { header } from './flags.ts';
import { LATE } from './keys.ts';
import { birthKeys, changeKeys, kindTable } from './kind-keys.ts';
import {
  beginLink,
  endLink,
  type Given,
  LATE_KEYS,
  OWN_KEYS,
  putAll,
  putLinkInfo,
  putPort,
} from './message.ts';

const IFLA_PROTINFO = 12 | NLA_F_NESTED;
const IFLA_BRPORT_STATE = 1;
const IFLA_AF_SPEC = 26 | NLA_F_NESTED;
const IFLA_PROP_LIST = 52 | NLA_F_NESTED;
const IFLA_ALT_IFNAME = 53;
const SPEC_INET6 = 10 | NLA_F_NESTED;
const IFLA_INET6_TOKEN = 7;
const IFLA_INET6_ADDR_GEN_MODE = 8;

const addrGenMode = oneOf(u8, ADDR_GEN_MODES);

/** Paths of what is being written: they serve all calls, since writing never waits. */
export const birthPath = new Path('link');
export const peerPath = new Path('link.peer');
const changesPath = new Path('changes');

/** Kinds whose hardware addresses are six bytes; those of tunnels are IP addresses. */
const ETHERNET: ReadonlySet<string> = new Set([
  'bond',
  'bridge',
  'dummy',
  'geneve',
  'gretap',
  'ifb',
  'ip6gretap',
  'ipvtap',
  'macvlan',
  'macvtap',
  'netkit',
  'team',
  'veth',
  'vlan',
  'vrf',
  'vxlan',
]);

const MAC_LENGTH = '02:00:00:00:00:01'.length;

const isEarly = (given: Given): boolean =>
  given.addrGenMode !== undefined || given.token !== undefined;

/** RTM_NEWLINK that creates; whether there is more to be told afterwards. */
export function writeBirth(m: Messages, spec: Given): boolean {
  const w = m.writer;
  const path = birthPath.reset();
  const kind = spec.kind;
  if (typeof kind !== 'string') throw invalidType('link.kind', kind, "a kind of link like 'veth'");
  const start = beginLink(m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 'RTM_NEWLINK', undefined);
  const { address } = spec;
  // What is no Ethernet address at all is the codec's to tell.
  if (typeof address === 'string' && address.length !== MAC_LENGTH && ETHERNET.has(kind)) {
    macAddress('link.address', address);
  }
  path.enter();
  const more = putAll(w, spec, birthKeys(kind), start, path);
  if (kind === 'veth') {
    // The kernel's default, a queue for each CPU, doubles the time that a pair takes.
    if (spec.numTxQueues === undefined) settableAttributes.put(w, 'numTxQueues', 1, path, spec);
    if (spec.numRxQueues === undefined) settableAttributes.put(w, 'numRxQueues', 1, path, spec);
  }
  putLinkInfo(w, kind, (more & OWN_KEYS) !== 0 ? kindTable(kind) : undefined, spec, path);
  changesNames(m, spec);
  // The address mode has to be there before the link goes up, or its first address is made the other way.
  if (isEarly(spec)) {
    header.flags &= ~IFF_UP;
    header.change &= ~IFF_UP;
  }
  endLink(m, start);
  return (more & LATE_KEYS) !== 0;
}

/** The names that come into being here, those of a pair's other end too. */
function changesNames(m: Messages, spec: Given): void {
  if (typeof spec.name === 'string') m.changesLink(spec.name);
  const { peer } = spec;
  if (typeof peer !== 'object' || peer === null || !('name' in peer) || 'netns' in peer) return;
  if (typeof peer.name === 'string') m.changesLink(peer.name);
}

/** The part of a spec that needs messages of its own. */
export function afterwards(spec: Given): Given {
  const after: Given = {};
  for (const key of LATE) if (spec[key] !== undefined) after[key] = spec[key];
  if (spec.up === true && isEarly(after)) after.up = true;
  return after;
}

/** A message that is sent only when those of the same request before it have succeeded. */
const NEEDS: MessageOptions = { needs: true };
const TAKES_BACK: MessageOptions = { takesBack: true };

/**
 * Messages that change the link `dev`: its address mode, then the rest, then what it is as a port.
 * With `follows` they belong to the message before: a link that was not made is not changed, for
 * its name may be another's.
 */
export function writeChanges(
  m: Messages,
  dev: Dev,
  changes: unknown,
  path: Path = changesPath,
  follows = false,
): void {
  const given = object(path.reset().toString(), changes);
  refuseImpossible(given, path);
  const early = given.up === true && isEarly(given);
  let options = follows ? NEEDS : undefined;
  if (early) {
    const start = beginLink(m, RTM_SETLINK, 0, 'RTM_SETLINK', dev, false, options);
    path.enter();
    putAfSpec(m.writer, given, path);
    path.leave();
    endLink(m, start);
    options = NEEDS;
  }
  if (hasMain(given)) {
    writeMain(m, dev, given, early, path, options);
    options = NEEDS;
  }
  const now = typeof given.name === 'string' ? given.name : dev;
  if (given.port !== undefined) {
    writePort(m, now, given.port, path, options);
    options = NEEDS;
  }
  if (given.altNames !== undefined) {
    writeAltNames(m, RTM_NEWLINKPROP, now, given.altNames, `${path.reset()}.altNames`, options);
  }
}

/** RTM_DELLINK that is sent only when the link was made and something behind it has failed. */
export function writeTakingBack(m: Messages, dev: Dev): void {
  const start = beginLink(m, RTM_DELLINK, 0, 'RTM_DELLINK', dev, false, TAKES_BACK);
  endLink(m, start);
}

/** What concerns another namespace can't be said from here. */
function refuseImpossible(given: Given, path: Path): void {
  if (given.netns === undefined) return;
  for (const key of ['port', 'addrGenMode', 'token']) {
    if (given[key] === undefined) continue;
    throw invalidValue(
      `${path}.${key}`,
      given[key],
      'left out when the link goes to another namespace: set it there',
    );
  }
  refuseForeignMaster(given, path.toString());
}

export function refuseForeignMaster(given: Given, path: string): void {
  if (given.netns === undefined || typeof given.master !== 'string') return;
  throw invalidValue(
    `${path}.master`,
    given.master,
    'an ifindex, the master being in the other namespace; or set it there',
  );
}

/** Whether there is more than what has messages of its own; nothing at all still asks for the link. */
function hasMain(given: Given): boolean {
  let some = false;
  for (const key in given) {
    if (given[key] === undefined) continue;
    some = true;
    if (key !== 'port' && key !== 'altNames') return true;
  }
  return !some;
}

function writeMain(
  m: Messages,
  dev: Dev,
  given: Given,
  early: boolean,
  path: Path,
  options: MessageOptions | undefined,
): void {
  const w = m.writer;
  const kind = given.kind;
  const type = kind === undefined ? RTM_SETLINK : RTM_NEWLINK;
  // With an index, the name in the message is a new one.
  const start = beginLink(
    m,
    type,
    0,
    kind === undefined ? 'RTM_SETLINK' : 'RTM_NEWLINK',
    dev,
    given.name !== undefined,
    options,
  );
  path.enter();
  const more = putAll(w, given, changeKeys(kind), start, path);
  if (!early && isEarly(given)) putAfSpec(w, given, path);
  if (kind !== undefined) {
    path.set('kind');
    if (typeof kind !== 'string')
      throw invalidType(path.toString(), kind, "a kind of link like 'bridge'");
    putLinkInfo(w, kind, (more & OWN_KEYS) !== 0 ? kindTable(kind) : undefined, given, path);
  } else if (given.data !== undefined) {
    throw invalidValue('changes.kind', kind, 'the kind that `data` is of');
  }
  path.leave();
  if (given.name !== undefined || given.netns !== undefined) {
    if (typeof dev === 'string') m.changesLink(dev);
    if (typeof given.name === 'string') m.changesLink(given.name);
  }
  endLink(m, start);
}

function putAfSpec(w: Writer, given: Given, path: Path): void {
  const families = w.begin(IFLA_AF_SPEC);
  const inet6 = w.begin(SPEC_INET6);
  if (given.addrGenMode !== undefined) {
    path.set('addrGenMode');
    const at = w.begin(IFLA_INET6_ADDR_GEN_MODE);
    addrGenMode.write(w, given.addrGenMode as AddrGenMode, path);
    w.end(at);
  }
  if (given.token !== undefined) {
    path.set('token');
    const at = w.begin(IFLA_INET6_TOKEN);
    ipv6.write(w, given.token as string, path);
    w.end(at);
  }
  w.end(inet6);
  w.end(families);
}

function writePort(
  m: Messages,
  dev: Dev,
  port: unknown,
  path: Path,
  options: MessageOptions | undefined,
): void {
  const disabled = isDisabled(port);
  let settings = port;
  if (disabled) {
    const { state: _state, ...others } = port;
    settings = others;
  }
  if (!disabled || Object.keys(settings as object).some((key) => key !== 'kind')) {
    const start = beginLink(m, RTM_NEWLINK, 0, 'RTM_NEWLINK', dev, false, options);
    path.reset().enter();
    putPort(m.writer, settings, path);
    endLink(m, start);
  }
  if (disabled) writeDisabled(m, dev, options);
}

/** A port of a bridge that is to let nothing pass. */
function isDisabled(port: unknown): port is { state: unknown } {
  if (typeof port !== 'object' || port === null || !('state' in port)) return false;
  if ('kind' in port && port.kind !== undefined && port.kind !== 'bridge') return false;
  return port.state === 'disabled' || port.state === 0;
}

/**
 * RTM_NEWLINK would be in vain: it is followed by word of a change, upon which the bridge enables
 * a disabled port that has a carrier. As `bridge link` does it, nothing follows.
 */
function writeDisabled(m: Messages, dev: Dev, options: MessageOptions | undefined): void {
  const w = m.writer;
  const start = beginLink(m, RTM_SETLINK, 0, 'RTM_SETLINK', dev, true, options);
  w.patch32(start, AF_BRIDGE);
  const info = w.begin(IFLA_PROTINFO);
  const at = w.begin(IFLA_BRPORT_STATE);
  w.u8(0);
  w.end(at);
  w.end(info);
  endLink(m, start);
}

/** RTM_NEWLINKPROP or RTM_DELLINKPROP with alternative names. */
export function writeAltNames(
  m: Messages,
  type: number,
  dev: Dev,
  names: unknown,
  path: string,
  options?: MessageOptions,
): void {
  if (!Array.isArray(names)) throw invalidType(path, names, 'an array of names');
  const adds = type === RTM_NEWLINKPROP;
  const start = beginLink(
    m,
    type,
    adds ? NLM_F_CREATE | NLM_F_EXCL : 0,
    adds ? 'RTM_NEWLINKPROP' : 'RTM_DELLINKPROP',
    dev,
    false,
    options,
  );
  const w = m.writer;
  const list = w.begin(IFLA_PROP_LIST);
  names.forEach((name, i) => {
    const at = w.begin(IFLA_ALT_IFNAME);
    w.string(interfaceName(`${path}[${i}]`, name, 127));
    w.end(at);
    m.changesLink(name);
  });
  w.end(list);
  endLink(m, start);
}
