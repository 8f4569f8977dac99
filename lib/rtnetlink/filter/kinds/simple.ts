import { binary, bits, text, u32 } from '../../../wire/codecs.ts';
import { attr, type Infer, table } from '../../../wire/schema.ts';
import { formatHandle, parseHandle } from '../../qdisc/handle.ts';
import { compact, options } from '../../qdisc/kind.ts';
import { type Action, actions } from '../actions/index.ts';

/** TCA_CLS_FLAGS_*: where a filter runs. */
export const classifierFlags = bits(u32, {
  skipHw: 1,
  skipSw: 2,
  inHw: 4,
  notInHw: 8,
  verbose: 16,
});

/** What every filter may be told. */
export interface FilterBase {
  /** The class of what matches, '1:10'. */
  classId?: string | number;
  /** What is done with what matches, in order. */
  actions?: Action[];
}

/** What filters that hardware may run tell beside. */
export interface Offloadable {
  skipHw?: boolean;
  skipSw?: boolean;
  /** Run by the hardware; told, never set. */
  inHw?: boolean;
}

export function classOf(path: string, classId: string | number | undefined): number | undefined {
  return classId === undefined ? undefined : parseHandle(`${path}.classId`, classId);
}

export function classText(classId: number | undefined): string | undefined {
  return classId === undefined || classId === 0 ? undefined : formatHandle(classId);
}

export function flagsOf(spec: Offloadable): { skipHw: boolean; skipSw: boolean } | undefined {
  if (!spec.skipHw && !spec.skipSw) return undefined;
  return { skipHw: spec.skipHw ?? false, skipSw: spec.skipSw ?? false };
}

export function readFlags(
  flags: ReturnType<(typeof classifierFlags)['read']> | undefined,
): Offloadable {
  return compact<Offloadable>({
    skipHw: flags?.skipHw || undefined,
    skipSw: flags?.skipSw || undefined,
    inHw: flags?.inHw || undefined,
  });
}

/** TCA_MATCHALL_*. */
export const matchallTable = table('matchall', {
  classId: attr(1, u32, { kernel: 'TCA_MATCHALL_CLASSID', since: '4.8' }),
  actions: attr(2, actions, { kernel: 'TCA_MATCHALL_ACT', since: '4.8' }),
  flags: attr(3, classifierFlags, { kernel: 'TCA_MATCHALL_FLAGS', since: '4.8' }),
  hits: attr(4, binary, { kernel: 'TCA_MATCHALL_PCNT', since: '5.1', readonly: true }),
});

/** Matches every packet (since 4.8). */
export interface Matchall extends FilterBase, Offloadable {}

export const matchall = options<Matchall, Infer<typeof matchallTable>>(matchallTable, {
  keys: ['classId', 'actions', 'skipHw', 'skipSw', 'inHw'],
  always: true,
  samples: [{ classId: '1:10' }],
  toWire: (spec, path) => ({
    classId: classOf(path, spec.classId),
    flags: flagsOf(spec),
    actions: spec.actions,
  }),
  fromWire: ({ classId, actions: done, flags }) =>
    compact<Matchall>({ classId: classText(classId), actions: done, ...readFlags(flags) }),
});

/** TCA_FW_*. */
export const fwTable = table('fw', {
  classId: attr(1, u32, { kernel: 'TCA_FW_CLASSID' }),
  police: attr(2, binary, { kernel: 'TCA_FW_POLICE' }),
  indev: attr(3, text(15), { kernel: 'TCA_FW_INDEV' }),
  actions: attr(4, actions, { kernel: 'TCA_FW_ACT' }),
  mask: attr(5, u32, { kernel: 'TCA_FW_MASK' }),
});

/** Matches the mark that netfilter set: the filter's handle is the mark. */
export interface Fw extends FilterBase {
  /** The bits of the mark that are looked at. */
  mask?: number;
  /** Only what came by this link. */
  indev?: string;
}

export const fw = options<Fw, Infer<typeof fwTable>>(fwTable, {
  keys: ['classId', 'actions', 'mask', 'indev'],
  samples: [{ classId: '1:10', mask: 255, indev: 'eth0' }],
  toWire: (spec, path) => ({
    classId: classOf(path, spec.classId),
    mask: spec.mask,
    indev: spec.indev,
    actions: spec.actions,
  }),
  fromWire: ({ classId, actions: done, mask, indev }) =>
    compact<Fw>({ classId: classText(classId), actions: done, mask, indev }),
});

/** TCA_BPF_*. */
export const bpfTable = table('bpf', {
  actions: attr(1, actions, { kernel: 'TCA_BPF_ACT' }),
  police: attr(2, binary, { kernel: 'TCA_BPF_POLICE' }),
  classId: attr(3, u32, { kernel: 'TCA_BPF_CLASSID' }),
  opsLen: attr(4, binary, { kernel: 'TCA_BPF_OPS_LEN' }),
  ops: attr(5, binary, { kernel: 'TCA_BPF_OPS' }),
  fd: attr(6, u32, { kernel: 'TCA_BPF_FD', since: '4.1' }),
  name: attr(7, text(255), { kernel: 'TCA_BPF_NAME', since: '4.1' }),
  flags: attr(8, bits(u32, { directAction: 1 }), { kernel: 'TCA_BPF_FLAGS', since: '4.4' }),
  offloadFlags: attr(9, classifierFlags, { kernel: 'TCA_BPF_FLAGS_GEN', since: '4.8' }),
  tag: attr(10, binary, { kernel: 'TCA_BPF_TAG', since: '4.10', readonly: true }),
  id: attr(11, u32, { kernel: 'TCA_BPF_ID', since: '4.13', readonly: true }),
});

/** Runs a BPF program. */
export interface Bpf extends FilterBase, Offloadable {
  /** A descriptor of the loaded program (BPF_PROG_TYPE_SCHED_CLS). */
  fd?: number;
  /** A name shown for it. */
  name?: string;
  /** What the program returns is what happens (direct-action). */
  directAction?: boolean;
  /** The program's id and tag; told, never set. */
  id?: number;
  tag?: string;
}

export const bpf = options<Bpf, Infer<typeof bpfTable>>(bpfTable, {
  keys: [
    'classId',
    'actions',
    'fd',
    'name',
    'directAction',
    'id',
    'tag',
    'skipHw',
    'skipSw',
    'inHw',
  ],
  always: true,
  samples: [{ classId: '1:10', name: 'prog.o:[classifier]', directAction: true }],
  toWire: (spec, path) => ({
    classId: classOf(path, spec.classId),
    fd: spec.fd,
    name: spec.name,
    flags: spec.directAction ? { directAction: true } : undefined,
    offloadFlags: flagsOf(spec),
    actions: spec.actions,
  }),
  fromWire: ({ classId, actions: done, name, flags, offloadFlags, id, tag }) =>
    compact<Bpf>({
      classId: classText(classId),
      actions: done,
      name,
      directAction: flags?.directAction || undefined,
      id,
      tag: tag === undefined ? undefined : Buffer.from(tag).toString('hex'),
      ...readFlags(offloadFlags),
    }),
});
