import { attributeLength, readHex, readMac, readText } from '../../wire/codecs.ts';
import { DecodeError } from '../../wire/errors.ts';
import { NLA_HEADER, NLA_TYPE_MASK } from '../../wire/writer.ts';
import { sharedAttributes } from './attributes.ts';
import type { Link } from './types.ts';

type Numbers = Int32Array;

/**
 * Adds what only some links or only newer kernels tell, where it is there: an absent property says
 * that the kernel told nothing.
 */
export function addRare(
  bytes: Uint8Array,
  view: DataView,
  places: Numbers,
  lengths: Numbers,
  link: Link,
): void {
  if (places[66] !== 0) link.maxPacingOffloadHorizon = u32(view, places[66], lengths[66]);
  if (places[67] !== 0 && bytes[places[67]] !== 0) link.netnsImmutable = true;
  if (places[68] !== 0) link.headroom = u16(view, places[68], lengths[68]);
  if (places[69] !== 0) link.tailroom = u16(view, places[69], lengths[69]);
  if (places[20] !== 0) link.alias = readText(bytes, places[20], lengths[20]);
  if (places[52] !== 0) link.altNames = readAltNames(bytes, view, places[52], lengths[52]);
  if (places[54] !== 0) link.permanentAddress = readMac(bytes, places[54], lengths[54]);
  if (places[56] !== 0) link.parentDev = readText(bytes, places[56], lengths[56]);
  if (places[57] !== 0) link.parentBus = readText(bytes, places[57], lengths[57]);
  if (places[34] !== 0) link.physPortId = hex(bytes, places[34], lengths[34]);
  if (places[36] !== 0) link.physSwitchId = hex(bytes, places[36], lengths[36]);
  if (places[38] !== 0) link.physPortName = readText(bytes, places[38], lengths[38]);
  if (places[21] !== 0) link.numVf = u32(view, places[21], lengths[21]);
  if (places[45] !== 0) link.newNetnsId = u32(view, places[45], lengths[45]) | 0;
  if (places[46] !== 0) link.targetNetnsId = u32(view, places[46], lengths[46]) | 0;
  if (places[49] !== 0) link.newIndex = u32(view, places[49], lengths[49]);
  addNested(bytes, view, places, lengths, link);
}

function addNested(
  bytes: Uint8Array,
  view: DataView,
  places: Numbers,
  lengths: Numbers,
  link: Link,
): void {
  // Every link has an IFLA_MAP of zeros and says "no program": only more than that is told.
  if (places[14] !== 0 && hasBits(bytes, places[14], lengths[14])) {
    link.map = sharedAttributes.map.codec.read(bytes, view, places[14], lengths[14]);
  }
  if (places[43] !== 0) {
    const xdp = sharedAttributes.xdp.codec.read(bytes, view, places[43], lengths[43]);
    if (xdp.attached !== 'none') link.xdp = xdp;
  }
  if (places[22] !== 0)
    link.vfInfo = sharedAttributes.vfInfo.codec.read(bytes, view, places[22], lengths[22]);
  if (places[44] !== 0)
    link.event = sharedAttributes.event.codec.read(bytes, view, places[44], lengths[44]);
  if (places[55] !== 0) {
    const reason = sharedAttributes.protoDownReason.codec.read(
      bytes,
      view,
      places[55],
      lengths[55],
    );
    if (reason.value) link.protoDownReason = reason.value;
  }
  if (places[12] !== 0) link.protInfo = bytes.slice(places[12], places[12] + lengths[12]);
  if (places[62] !== 0 && lengths[62] > 0)
    link.devlinkPort = bytes.slice(places[62], places[62] + lengths[62]);
}

function u32(view: DataView, at: number, length: number): number {
  if (length < 4) throw new DecodeError(`u32 needs 4 bytes, there are ${length}`, at - 1);
  return view.getUint32(at, true);
}

function u16(view: DataView, at: number, length: number): number {
  if (length < 2) throw new DecodeError(`u16 needs 2 bytes, there are ${length}`, at - 1);
  return view.getUint16(at, true);
}

function hasBits(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] !== 0) return true;
  return false;
}

const hex = (bytes: Uint8Array, at: number, length: number): string => readHex(bytes, at, length);

const IFLA_ALT_IFNAME = 53;

function readAltNames(bytes: Uint8Array, view: DataView, from: number, length: number): string[] {
  const names: string[] = [];
  const to = from + length;
  for (let at = from; at + NLA_HEADER <= to; ) {
    const size = attributeLength(view, at, to);
    if ((view.getUint16(at + 2, true) & NLA_TYPE_MASK) === IFLA_ALT_IFNAME) {
      names.push(readText(bytes, at + NLA_HEADER, size - NLA_HEADER));
    }
    at += (size + 3) & ~3;
  }
  return names;
}
